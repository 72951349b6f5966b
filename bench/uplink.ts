import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectAsync } from 'mqtt'
import { registerAtHub, writeBacklog } from '../test/support/edge-backlog.ts'
import { site, startEdgeAndHub, until, type EdgeAndHub } from '../test/support/edge-and-hub.ts'
import { describeMachine } from './support/machine.ts'

/**
 * How fast an edge gateway drains what a cut of the line left behind, while live data flows, into a whole hub that stores it:
 *   npm run bench:uplink [-- MESSAGES]        (default 200,000; a day of 200 devices is 1728000)
 * Beside it, from the same run: the same messages over the same kind of connection, one PUBLISH each, a thousand in flight.
 */
const messages = Number(process.argv[2] ?? 200_000)
const devices = 200
const livePerSecond = 200
const inFlight = 1000
/** The yardstick is slow: a tenth of it says how slow. */
const yardstickMessages = Math.max(10_000, Math.round(messages / 10))

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Publishes at a steady pace to the edge until told to stop. */
async function publishLive(both: EdgeAndHub): Promise<() => Promise<number>> {
  const { body } = await both.edge().request('POST', '/v1/devices', {
    ...{ site, device: 'live-1', kind: 'probe' },
  })
  const { username, clientId, password } = body as Record<string, string>
  const client = await connectAsync(`mqtt://127.0.0.1:${both.edgePort}`, {
    ...{ username: username!, clientId: clientId!, password: password!, reconnectPeriod: 0 },
  })
  let sent = 0
  const startedAt = performance.now()
  const timer = setInterval(() => {
    while (sent < ((performance.now() - startedAt) / 1000) * livePerSecond) {
      const values = { celsius: sent % 40 }
      const message = { seq: sent++, boot: '00c0ffee00c0ffee', at: Date.now(), values }
      client.publish(`v1/${site}/live-1/telemetry`, JSON.stringify(message), { qos: 1 })
    }
  }, 10)
  return async () => {
    clearInterval(timer)
    await client.endAsync()
    return sent
  }
}

async function measureDrain(both: EdgeAndHub) {
  await both.edge().stop()
  const backlog = await writeBacklog(both.folder, { messages, devices, firstSeq: 0 })
  await registerAtHub(both.hub(), [...backlog.devices, 'live-1'])
  const hubPid = both.hub().child.pid!
  const hubBefore = cpuSeconds(hubPid)
  await both.startEdge()
  const edgePid = both.edge().child.pid!
  const edgeBefore = cpuSeconds(edgePid)
  const startedAt = performance.now()
  const stopLive = await publishLive(both)
  let longestLag = 0
  let seconds = 0
  for (let left = 1; left > 0;) {
    await sleep(50)
    longestLag = Math.max(longestLag, await both.metric('larder_gateway_live_lag_seconds'))
    left = await both.metric('larder_gateway_backlog_messages')
    seconds = (performance.now() - startedAt) / 1000
  }
  const edgeCpu = cpuSeconds(edgePid) - edgeBefore
  const live = await stopLive()
  const read = async (): Promise<number> => {
    const { body } = await both.hub().request('GET', '/v1/status')
    return (body as { messagesKept: number }).messagesKept
  }
  await until(async () => (await read()) >= messages + live, 600_000, 'the hub has read it all')
  const storedSeconds = (performance.now() - startedAt) / 1000
  return {
    messages,
    perSecond: Math.round(messages / seconds),
    longestLiveLagSeconds: Number(longestLag.toFixed(2)),
    seconds: Number(seconds.toFixed(1)),
    storedSeconds: Number(storedSeconds.toFixed(1)),
    edgeCpuSeconds: Number(edgeCpu.toFixed(1)),
    hubCpuSeconds: Number((cpuSeconds(hubPid) - hubBefore).toFixed(1)),
  }
}

/** Straight to the hub, a message at a time. */
async function measureYardstick(both: EdgeAndHub) {
  const path = { site, device: 'raw-1' }
  const { body } = await both.hub().request('POST', '/v1/devices', { ...path, kind: 'probe' })
  const { username, clientId, password } = body as Record<string, string>
  const client = await connectAsync(`mqtt://127.0.0.1:${both.hubPort}`, {
    ...{ username: username!, clientId: clientId!, password: password!, reconnectPeriod: 0 },
  })
  const hubPid = both.hub().child.pid!
  const [hubBefore, ownBefore] = [cpuSeconds(hubPid), cpuSeconds(process.pid)]
  const startedAt = performance.now()
  let [sent, acknowledged] = [0, 0]
  await new Promise<void>((resolve) => {
    const publish = (): void => {
      const values = { celsius: sent % 40 }
      const message = { seq: sent++, boot: '00c0ffee00c0ffee', at: Date.now() - 1e9 + sent, values }
      client.publish(`v1/${site}/raw-1/telemetry`, JSON.stringify(message), { qos: 1 }, () => {
        if (++acknowledged === yardstickMessages) resolve()
        else if (sent < yardstickMessages) publish()
      })
    }
    for (let i = 0; i < inFlight; i++) publish()
  })
  const seconds = (performance.now() - startedAt) / 1000
  await client.endAsync()
  return {
    messages: yardstickMessages,
    perSecond: Math.round(yardstickMessages / seconds),
    senderCpuSeconds: Number((cpuSeconds(process.pid) - ownBefore).toFixed(1)),
    hubCpuSeconds: Number((cpuSeconds(hubPid) - hubBefore).toFixed(1)),
  }
}

const machine = describeMachine()
const both = await startEdgeAndHub('bench')
try {
  const yardstick = await measureYardstick(both)
  const drain = await measureDrain(both)
  const ratio = Number((drain.perSecond / yardstick.perSecond).toFixed(1))
  const goal = { perSecond: 10_000, liveLagSeconds: 10 }
  const isMet =
    drain.perSecond >= goal.perSecond && drain.longestLiveLagSeconds <= goal.liveLagSeconds
  console.log(
    JSON.stringify(
      { bench: 'uplink', livePerSecond, drain, yardstick, ratio, goal, isMet, ...machine },
      null,
      2,
    ),
  )
} finally {
  await both.stop()
}
