import { median } from './machine.ts'
import { withGateway, type Append } from './with-gateway.ts'

const connections = 20
const inFlight = 50

async function measure(append: Append, seconds: number) {
  return withGateway(append, async ({ fleet, gateway }) => {
    await fleet.connect(gateway.port, connections)
    await fleet.saturate(1, inFlight)
    const before = await gateway.report()
    const perSecond = await fleet.saturate(seconds, inFlight)
    const after = await gateway.report()
    const messages = after.acknowledged - before.acknowledged
    const cpuSecondsPer100k = (after.cpuSeconds - before.cpuSeconds) / (messages / 1e5)
    return { perSecond, cpuSecondsPer100k }
  })
}

/** Durable acknowledgements beside the same gateway whose append keeps nothing: the ratio is the price of durability. */
export async function measureDurableRate(seconds: number, rounds: number) {
  const runs: Record<Append, Awaited<ReturnType<typeof measure>>[]> = { durable: [], stubbed: [] }
  for (let round = 0; round < rounds; round++) {
    runs.durable.push(await measure('durable', seconds))
    runs.stubbed.push(await measure('stubbed', seconds))
  }
  const summary = (append: Append) => ({
    perSecond: median(runs[append].map((run) => run.perSecond)),
    cpuSecondsPer100k: Number(median(runs[append].map((run) => run.cpuSecondsPer100k)).toFixed(2)),
    all: runs[append].map((run) => run.perSecond),
  })
  const [durable, stubbed] = [summary('durable'), summary('stubbed')]
  return {
    what: 'QoS 1 acknowledgements per second, 100 bytes',
    ...{ connections, inFlight, seconds, durable, stubbed },
    ratio: Number((durable.perSecond / stubbed.perSecond).toFixed(3)),
    goal: { ratio: 0.7, perSecond: 30_000 },
  }
}
