import { withGateway } from './with-gateway.ts'

const devices = 2000
const perSecond = 1000

/** What the gateway's process takes, its log's worker included. */
export async function measureMemory(seconds: number) {
  return withGateway('durable', async ({ fleet, gateway }) => {
    const idle = await gateway.report()
    await fleet.connect(gateway.port, devices)
    const connected = await gateway.report()
    const { messages } = await fleet.pace(seconds, perSecond)
    const busy = await gateway.report()
    return {
      what: 'megabytes of the gateway process (RSS)',
      ...{ devices, perSecond, seconds, messages },
      rssMb: { idle: idle.rssMb, connected: connected.rssMb, busy: busy.rssMb },
      heapMb: { idle: idle.heapMb, connected: connected.heapMb, busy: busy.heapMb },
      goal: { rssMb: 200 },
    }
  })
}
