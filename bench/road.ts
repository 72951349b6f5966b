import { parseArgs } from 'node:util'
import { describeMachine, median } from './support/machine.ts'
import { requirePeer, runPeer, type PeerRun } from './support/road-peer.ts'
import { withRoad, type RoadRun } from './support/road-larder.ts'

/**
 * From MQTT publish to stored and queryable in one process, beside Mosquitto -> Telegraf -> InfluxDB 2 in turn:
 *   npm run bench:road [-- --messages 200000] [--rounds 2] [--sustained 300] [--without-peer]
 * The machine has to be idle. Ends with exit code 1 where the peer is missing.
 */
const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '2' },
    /** Seconds; 0 leaves it out. */
    sustained: { type: 'string', default: '60' },
    half: { type: 'string', default: '15' },
    paced: { type: 'string', default: '15' },
    'without-peer': { type: 'boolean', default: false },
  },
})
const devices = 50
const [window, bytes] = [20, 150]
const messages = Number(values.messages)

type Row = readonly (string | number)[]
const heading: Row = [
  ...['run', 'acked/s', 'stored/s', 'CPU-s/100k', 'RSS MB'],
  ...['ack p50', 'p99 ms', 'backlog', 'age p50', 'p99 ms'],
]
const rows: Row[] = []

function add(name: string, run: RoadRun, age?: { readonly p50: number; readonly p99: number }) {
  rows.push([
    name,
    Math.round(run.acknowledged / run.seconds),
    Math.round(run.acknowledged / run.storedSeconds),
    ((run.larderCpuSeconds / run.acknowledged) * 1e5).toFixed(2),
    run.rssPeakMb,
    run.ackMs.p50,
    run.ackMs.p99,
    describeBacklog(run.backlogs),
    age ? age.p50 : '',
    age ? age.p99 : '',
  ])
}

/** Greatest of the first and of the last third: a backlog that grows has a greater last one. */
function describeBacklog(backlogs: readonly number[]): string {
  const third = Math.ceil(backlogs.length / 3)
  const greatest = (part: readonly number[]): number => Math.max(0, ...part)
  return `${greatest(backlogs.slice(0, third))}..${greatest(backlogs.slice(-third))}`
}

function print(table: readonly Row[]): void {
  const widths = heading.map((_, column) =>
    Math.max(...table.map((row) => String(row[column] ?? '').length)),
  )
  for (const row of table)
    console.log(row.map((cell, column) => String(cell).padEnd(widths[column]!)).join('  '))
}

try {
  if (!values['without-peer']) requirePeer()
  console.log(JSON.stringify(describeMachine()))
  const load = { messages, window, perSecond: 0, bytes }
  const rates: number[] = []
  const cpus: number[] = []
  const peers: PeerRun[] = []
  for (let round = 1; round <= Number(values.rounds); round++) {
    const run = await withRoad(devices, (road) => road.run(load))
    add(`larder ${round}`, run)
    rates.push(run.acknowledged / run.storedSeconds)
    cpus.push(run.larderCpuSeconds / (run.acknowledged / 1e5))
    if (values['without-peer']) continue
    const peer = await runPeer(messages)
    peers.push(peer)
    const { acked_per_s: acked, publish_ms: ack } = peer.load
    const rss = Object.values(peer.rss_peak_mb).reduce((sum, one) => sum + one, 0)
    rows.push([
      ...[`peer ${round}`, acked, peer.stored_per_s, peer.cpu_s_per_100k.sum.toFixed(2), rss],
      ...[ack.p50, ack.p99, '', '', ''],
    ])
  }
  const rate = median(rates)
  if (Number(values.sustained) > 0) {
    const sustained = { ...load, messages: Math.round(rate * Number(values.sustained)) }
    add('sustained', await withRoad(devices, (road) => road.run(sustained)))
  }
  for (const [name, perSecond, seconds] of [
    ['at half', Math.round(rate / 2), Number(values.half)],
    ['2,000/s', 2000, Number(values.paced)],
  ] as const) {
    if (seconds === 0) continue
    const order = { messages: perSecond * seconds, window, perSecond, bytes }
    await withRoad(devices, async (road) => {
      // Alone first: whoever asks for the age every 10 ms keeps the same thread busy as the acknowledgements.
      add(name, await road.run(order))
      const running = road.run(order)
      const age = await road.watchAge(running)
      add(`${name}, asked`, await running, age)
    })
  }
  print([heading, ...rows])
  if (peers.length > 0) {
    const peerRate = median(peers.map((peer) => peer.stored_per_s))
    const peerCpu = median(peers.map((peer) => peer.cpu_s_per_100k.sum))
    console.log(
      `${(rate / peerRate).toFixed(2)} times the peer's messages (goal 2), ${(median(cpus) / peerCpu).toFixed(2)} of its CPU time (goal 0.5)`,
    )
  }
} catch (error) {
  if (rows.length > 0) print([heading, ...rows])
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
