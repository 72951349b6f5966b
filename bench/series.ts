import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { dayMs, type Reading } from '../domain/index.ts'
import { createSqliteSeriesStore, type SeriesStore } from '../store/index.ts'

/**
 * The series store on SQLite, one thread: write rate by CPU seconds, merging included, at 600, 6,000 and 60,000 series; bytes a
 * reading; the three queries; memory. A batch is 500 messages of four readings, as ingest hands them over.
 */
const { values } = parseArgs({
  options: {
    readings: { type: 'string', default: '3000000' },
    series: { type: 'string', default: '600,6000,60000' },
    folder: { type: 'string', default: tmpdir() },
  },
})
const readingsWanted = Number(values.readings)
const start = Date.UTC(2026, 9, 5)
const channels = ['units', 'grams', 'picked', 'celsius'] as const
const stepMs = 10_000
const batchMessages = 500

function* batches(series: number, readings: number): Generator<Reading[]> {
  const devices = series / channels.length
  let batch: Reading[] = []
  for (let i = 0; i < readings / channels.length; i++) {
    const device = i % devices
    const seq = Math.floor(i / devices)
    const at = start + seq * stepMs + ((device * 7919 + seq * 31) % 900)
    const units = 20 + ((seq >> 3) % 20)
    const numbers = [units, units * 510 + ((seq * 7) % 11), seq % 3, 4 + ((seq * 13) % 17) / 10]
    for (const [index, channel] of channels.entries()) {
      batch.push({
        ...{ site: `s${device % 20}`, device: `shelf-${device}`, channel, gtin: null, at },
        ...{ receivedAt: at + 20 + (i % 60), value: numbers[index]!, seq, boot: `b${device}` },
        ...{ index: 0, quality: 'good' as const },
      })
    }
    if (batch.length < batchMessages * channels.length) continue
    yield batch
    batch = []
  }
  yield batch
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
    for (const batch of batches(series, readingsWanted)) {
      const before = cpuSeconds()
      const began = performance.now()
      await store.write(batch, { group: 'bench', partition: 0, position: ++position })
      slowest = Math.max(slowest, performance.now() - began)
      writing += cpuSeconds() - before
    }
    const { readings, bytes } = await store.stats()
    const reader = createSqliteSeriesStore({ file, readonly: true })
    const days = Math.max(1, Math.ceil(((readings / series) * stepMs) / dayMs))
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
