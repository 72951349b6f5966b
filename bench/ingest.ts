import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RawMessage } from '../domain/index.ts'
import { startIngest } from '../ingest/index.ts'
import { createMemoryMessageLog } from '../message-log/index.ts'
import { createMetrics, createRandom, silentLogger, wallClock } from '../runtime/index.ts'
import { createSqliteOperationsStore, createSqliteSeriesStore } from '../store/index.ts'

/** Readings per second from the log into SQLite files in one thread, and the time of a read of 28 days of every series. */
const devices = 600
const messages = Number(process.argv[2] ?? 60_000)
const start = Date.UTC(2026, 10, 2)
const text = new TextEncoder()

function message(i: number): RawMessage {
  const device = `shelf-${i % devices}`
  const at = start + Math.floor(i / devices) * 10_000 + (i % devices)
  const values = { units: i % 40, grams: (i % 40) * 510, picked: i % 3, batteryPct: 90 }
  const body = { seq: Math.floor(i / devices), boot: `b${i % devices}`, at, kind: 'shelf', values }
  return {
    topic: `v1/s${i % 10}/${device}/telemetry`,
    payload: text.encode(JSON.stringify(body)),
    ...{ receivedAt: at + 20, qos: 1, retain: false, clientId: null },
  }
}

const folder = mkdtempSync(join(tmpdir(), 'larder-bench-'))
try {
  const log = createMemoryMessageLog()
  for (let i = 0; i < messages; i += 2000) {
    await log.append(Array.from({ length: Math.min(2000, messages - i) }, (_, j) => message(i + j)))
  }
  const series = createSqliteSeriesStore({ file: join(folder, 'series.db') })
  const operations = await createSqliteOperationsStore({ file: join(folder, 'operations.db') })
  const began = performance.now()
  const cpuBefore = process.cpuUsage()
  const ingest = await startIngest({
    ...{ log, series, operations, clock: wallClock, wall: wallClock, logger: silentLogger },
    random: createRandom(1),
    metrics: createMetrics({ withProcess: false }),
    settings: { batchMessages: 2000, profiles: '', clockAheadMinutes: 10 },
  })
  await ingest.drained()
  const seconds = (performance.now() - began) / 1000
  const cpu = process.cpuUsage(cpuBefore)
  const cpuSeconds = (cpu.user + cpu.system) / 1e6
  const { readings } = ingest.counts()
  const { bytes } = await series.stats()
  await ingest.stop()
  console.log(
    `${readings} readings in ${seconds.toFixed(1)} s: ${Math.round(readings / seconds)} readings/s (${Math.round(readings / cpuSeconds)} per CPU-second), ${Math.round(bytes / readings)} bytes a reading`,
  )
  const readBegan = performance.now()
  const hours = await series.hourly({ from: start, to: start + 28 * 86_400_000, by: 'device' })
  console.log(
    `hourly: ${hours.length} series x 28 days in ${((performance.now() - readBegan) / 1000).toFixed(2)} s`,
  )
  await series.close()
  await operations.close()
  await log.close()
} finally {
  rmSync(folder, { recursive: true })
}
