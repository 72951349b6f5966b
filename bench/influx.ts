import { readFileSync } from 'node:fs'
import { dayMs, hourMs, type Reading } from '../domain/index.ts'
import { createManualClock, createRandom, silentLogger, wallClock } from '../runtime/index.ts'
import { installInfluxdb, startInfluxdb } from '../scripts/servers/influxdb.ts'
import { createInfluxSeriesStore } from '../store/index.ts'
import { describeMachine } from './support/machine.ts'

/**
 * The series store on InfluxDB: messages of five channels a second and CPU-seconds per 100,000 of them, ours and the server's, then
 * its questions. `tsx bench/influx.ts [messages] [devices]`
 */
const messages = Number(process.argv[2] ?? 200_000)
const devices = Number(process.argv[3] ?? 2_000)
const perWrite = 2_000
const everyMs = 10_000
const start = Date.UTC(2026, 10, 2)

const channels = ['celsius', 'humidityPct', 'doorOpen', 'batteryPct', 'rssiDbm'] as const

function readingsOf(i: number): Reading[] {
  const device = `probe-${i % devices}`
  const seq = Math.floor(i / devices)
  const at = start + seq * everyMs + (i % devices)
  const values = [4 + (i % 17) / 10, 50 + (i % 9), i % 50 === 0 ? 1 : 0, 90, -60 - (i % 20)]
  return channels.map((channel, index) => ({
    ...{ site: `s${i % 20}`, device, channel, gtin: null, at, receivedAt: at + 40 + (i % 30) },
    ...{ value: values[index]!, seq, boot: '7', index, quality: 'good' as const },
  }))
}

/** User and system time of a process, in seconds; a clock tick of Linux is 10 ms. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

const table: Record<string, string | number>[] = []
await installInfluxdb()
const server = await startInfluxdb()
try {
  const positions = { read: () => Promise.resolve(new Map()), save: () => Promise.resolve() }
  const clock = createManualClock(start)
  const store = await createInfluxSeriesStore({
    ...{ url: server.url, org: server.org, token: server.token, bucket: 'bench', positions, clock },
    ...{ wall: wallClock, random: createRandom(1), logger: silentLogger },
  })
  const batches: Reading[][] = []
  for (let i = 0; i < messages; i += perWrite)
    batches.push(
      Array.from({ length: Math.min(perWrite, messages - i) }, (_, j) => readingsOf(i + j)).flat(),
    )

  async function measure(what: string, run: () => Promise<unknown>, per?: number): Promise<void> {
    const [began, ours, theirs] = [performance.now(), process.cpuUsage(), cpuOf(server.pid()!)]
    await run()
    const seconds = (performance.now() - began) / 1000
    const { user, system } = process.cpuUsage(ours)
    const scale = per === undefined ? 1 : 100_000 / per
    table.push({
      what,
      seconds: Number(seconds.toFixed(3)),
      'a second': per === undefined ? '' : Math.round(per / seconds),
      'CPU-s ours': Number((((user + system) / 1e6) * scale).toFixed(2)),
      'CPU-s influxd': Number(((cpuOf(server.pid()!) - theirs) * scale).toFixed(2)),
    })
  }

  await measure(
    `${messages} messages of 5 channels, ${perWrite} a write (CPU per 100,000)`,
    async () => {
      let position = 0
      for (const batch of batches)
        await store.write(batch, { group: 'series', partition: 0, position: ++position })
    },
    messages,
  )
  const last = start + Math.floor(messages / devices) * everyMs
  await measure('latest since a second ago', () =>
    store.latest({ receivedSince: last - 1000, limit: 1000 }),
  )
  await measure(`latest of ${devices * channels.length} series`, () => store.latest({}))
  await measure('range of one series, one day', () =>
    store.range({
      ...{ site: 's0', device: 'probe-0', channel: 'celsius' },
      ...{ from: start, to: start + dayMs, limit: 10_000 },
    }),
  )
  const hours = { from: start, to: start + 28 * dayMs, by: 'device' as const }
  await measure('hours of one channel, not rolled up', () =>
    store.hourly({ ...hours, channel: 'celsius' }),
  )
  await clock.advanceTo(last + 2 * hourMs)
  await measure('rolling up', () => store.prune(0))
  await measure('hours of one channel, rolled up', () =>
    store.hourly({ ...hours, channel: 'celsius' }),
  )
  await measure('hours of all', () => store.hourly(hours))
  await measure('watermarks', () => store.watermarks())
  const { bytes, readings } = await store.stats()
  await store.close()
  console.log(describeMachine())
  console.table(table)
  console.log(`${readings} readings, ${(bytes / readings).toFixed(1)} bytes each`)
} finally {
  await server.stop()
}
