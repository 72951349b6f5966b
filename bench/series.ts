import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { dayMs, type Reading } from '../domain/index.ts'
import { createSqliteSeriesStore, type SeriesStore } from '../store/index.ts'

/**
 * The series store on SQLite, one thread: write rate by CPU seconds, merging included, at 600, 6,000 and 60,000 series; bytes a
 * reading; the three queries; memory. A batch is 500 messages of four readings, as ingest hands them over. Every ten seconds; or, with
 * `--days`, the readings of all but the first device over so many days. The store of the goal, about 10 minutes and 1 GB:
 *   npm run bench:series -- --readings 100000000 --series 10000 --days 28
 */
const { values } = parseArgs({
  options: {
    readings: { type: 'string', default: '3000000' },
    series: { type: 'string', default: '600,6000,60000' },
    days: { type: 'string' },
    folder: { type: 'string', default: tmpdir() },
    /** Of writing: what has come by then is asked. */
    minutes: { type: 'string', default: '20' },
  },
})
const readingsWanted = Number(values.readings)
const start = Date.UTC(2026, 9, 5)
const channels = ['units', 'grams', 'picked', 'celsius'] as const
const firstStepMs = 10_000
const batchMessages = 500

/** Time from one message of a device to its next. */
function stepOf(series: number, readings: number): number {
  if (values.days === undefined) return firstStepMs
  const steps = Math.round((Number(values.days) * dayMs * series) / readings / firstStepMs)
  return Math.max(1, steps) * firstStepMs
}

function message(device: number, seq: number, at: number): Reading[] {
  const units = 20 + ((seq >> 3) % 20)
  const numbers = [units, units * 510 + ((seq * 7) % 11), seq % 3, 4 + ((seq * 13) % 17) / 10]
  const site = `s${device % 20}`
  const boot = `b${device}`
  const receivedAt = at + 20 + ((device + seq) % 60)
  const name = `shelf-${device}`
  return channels.map((channel, i) => {
    const value = numbers[i]!
    // prettier-ignore
    return { site, device: name, channel, gtin: null, at, receivedAt, value, seq, boot, index: 0, quality: 'good' }
  })
}

/** The first device speaks every ten seconds, the others once a step. */
function* batches(series: number, readings: number): Generator<Reading[]> {
  const devices = series / channels.length
  const stepMs = stepOf(series, readings)
  const ofFirst = stepMs / firstStepMs
  let batch: Reading[] = []
  for (let seq = 0, made = 0; made < readings; seq++) {
    for (let device = 0; device < devices; device++) {
      for (let i = 0; i < (device === 0 ? ofFirst : 1); i++) {
        const at = start + seq * stepMs + i * firstStepMs + ((device * 7919 + seq * 31) % 900)
        batch.push(...message(device, device === 0 ? seq * ofFirst + i : seq, at))
      }
      if (batch.length < batchMessages * channels.length) continue
      made += batch.length
      yield batch
      batch = []
    }
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** The fastest of some times, because other work on the machine only adds. */
async function timed<T>(
  times: number,
  run: () => Promise<T>,
): Promise<{ readonly ms: number; readonly of: T }> {
  let ms = Infinity
  for (;;) {
    const began = performance.now()
    const of = await run()
    ms = Math.min(ms, performance.now() - began)
    if (--times <= 0) return { ms, of }
  }
}

async function queries(store: SeriesStore, days: number): Promise<string> {
  const one = { site: 's0', device: 'shelf-0', channel: 'celsius' }
  const from = start
  const day = await timed(9, () => store.range({ ...one, from, to: from + dayMs, limit: 100_000 }))
  const latest = await timed(9, () => store.latest({ limit: 10_000 }))
  const hourly = await timed(2, () => store.hourly({ from, to: from + days * dayMs, by: 'device' }))
  return [
    `${day.of.readings.length} in ${day.ms.toFixed(1)} ms`,
    `${latest.of.length} in ${latest.ms.toFixed(1)} ms`,
    `${hourly.of.length} x ${days} d in ${(hourly.ms / 1000).toFixed(2)} s`,
  ].join(' | ')
}

console.log(
  'series | readings | readings/CPU-s | slowest write | bytes/reading | memory | one series, one day | latest | hourly',
)
for (const series of values.series.split(',').map(Number)) {
  const folder = mkdtempSync(join(values.folder, 'larder-bench-series-'))
  const file = join(folder, 'series.db')
  try {
    const store = createSqliteSeriesStore({ file })
    let writing = 0
    let slowest = 0
    let position = 0
    const until = performance.now() + Number(values.minutes) * 60_000
    for (const batch of batches(series, readingsWanted)) {
      if (performance.now() > until) break
      const before = cpuSeconds()
      const began = performance.now()
      await store.write(batch, { group: 'bench', partition: 0, position: ++position })
      slowest = Math.max(slowest, performance.now() - began)
      writing += cpuSeconds() - before
    }
    const { readings, bytes } = await store.stats()
    const reader = createSqliteSeriesStore({ file, readonly: true })
    const days = Number(values.days ?? Math.ceil(((readings / series) * firstStepMs) / dayMs))
    await reader.latest({ limit: 1 })
    const asked = await queries(reader, days)
    const memory = process.memoryUsage()
    const megabytes = Math.round(memory.rss / 1e6)
    console.log(
      `${series} | ${readings} | ${Math.round(readings / writing)} | ${slowest.toFixed(0)} ms | ${(bytes / readings).toFixed(1)} | ${megabytes} MB | ${asked}`,
    )
    await reader.close()
    await store.close()
  } finally {
    rmSync(folder, { recursive: true })
  }
}
