import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { RawMessage } from '../domain/index.ts'
import { startIngest } from '../ingest/index.ts'
import { createMemoryMessageLog } from '../message-log/index.ts'
import { createMetrics, createRandom, silentLogger, wallClock } from '../runtime/index.ts'
import {
  createSqliteOperationsStore,
  createSqliteSeriesStore,
  type SeriesStore,
} from '../store/index.ts'
import { describeMachine } from './support/machine.ts'

/**
 * From the log into SQLite files in one thread, for 600, 6,000 and 60,000 series, each in a process of its own:
 *   npm run bench:ingest [-- --messages 60000] [--series 600] [--without-store]
 * Registered probes, 150 bytes of plain JSON with 5 channels; `--without-store` takes what ingest writes and keeps nothing.
 */
const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '60000' },
    /** In this process, and no table. */
    series: { type: 'string' },
    'without-store': { type: 'boolean', default: false },
  },
})
const messages = Number(values.messages)
const channels = 5
const sites = 10
const start = Date.UTC(2026, 10, 2)
const text = new TextEncoder()

interface Result {
  readonly series: number
  readonly readings: number
  readonly readingsPerSecond: number
  readonly cpuUsPerReading: number
  readonly bytesPerReading: number
  readonly rssMb: number
}

function message(i: number, devices: number): RawMessage {
  const device = i % devices
  const seq = Math.floor(i / devices)
  const at = start + seq * 10_000 + (device % 10_000)
  const numbers = `{"celsius":${(2 + (i % 97) / 25).toFixed(2)},"humidityPct":${60 + (i % 13)}.5,"doorOpen":${i & 1},"batteryPct":90,"rssiDbm":-${50 + (i % 20)}}`
  const body = `{"seq":${seq},"boot":"9f2c51d07be34a18","at":${at},"values":${numbers}}`
  return {
    topic: `v1/s${device % sites}/probe-${device}/telemetry`,
    payload: text.encode(body.padEnd(150)),
    ...{
      receivedAt: at + 20,
      qos: 1,
      retain: false,
      clientId: `s${device % sites}.probe-${device}`,
    },
  }
}

/** Takes everything at once and knows nothing. */
function withoutStore(series: SeriesStore): SeriesStore {
  return { ...series, write: () => Promise.resolve([]) }
}

async function measure(series: number): Promise<Result> {
  const devices = series / channels
  const folder = mkdtempSync(join(tmpdir(), 'larder-bench-'))
  try {
    const log = createMemoryMessageLog()
    for (let i = 0; i < messages; i += 1000) {
      const count = Math.min(1000, messages - i)
      await log.append(Array.from({ length: count }, (_, j) => message(i + j, devices)))
    }
    const operations = await createSqliteOperationsStore({ file: join(folder, 'operations.db') })
    for (let i = 0; i < devices; i++) {
      const [site, device] = [`s${i % sites}`, `probe-${i}`]
      const credential = {
        ...{ username: `${site}/${device}`, kind: 'device' as const, site, device },
        ...{ salt: '', hash: '', revoked: false, publish: [], subscribe: [], mappings: [] },
      }
      await operations.registerDevice({ site, device, kind: 'probe' }, credential, start)
    }
    const store = createSqliteSeriesStore({ file: join(folder, 'series.db') })
    const began = performance.now()
    const cpuBefore = process.cpuUsage()
    const ingest = await startIngest({
      ...{ log, operations, clock: wallClock, wall: wallClock, logger: silentLogger },
      series: values['without-store'] ? withoutStore(store) : store,
      random: createRandom(1),
      metrics: createMetrics({ withProcess: false }),
      settings: { batchMessages: 2000, gatherMs: 0, profiles: '', clockAheadMinutes: 10 },
    })
    await ingest.drained()
    const seconds = (performance.now() - began) / 1000
    const cpu = process.cpuUsage(cpuBefore)
    const { readings } = ingest.counts()
    const { bytes } = await store.stats()
    await ingest.stop()
    await Promise.all([store.close(), operations.close(), log.close()])
    return {
      ...{ series, readings },
      readingsPerSecond: Math.round(readings / seconds),
      cpuUsPerReading: Number(((cpu.user + cpu.system) / readings).toFixed(2)),
      bytesPerReading: Math.round(bytes / readings),
      rssMb: Math.round(process.memoryUsage().rss / 1024 / 1024),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function inChild(series: number): Result {
  const output = execFileSync(
    process.execPath,
    [
      ...process.execArgv,
      fileURLToPath(import.meta.url),
      ...process.argv.slice(2),
      ...['--series', String(series)],
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], timeout: 300_000 },
  )
  return JSON.parse(output) as Result
}

if (values.series !== undefined) console.log(JSON.stringify(await measure(Number(values.series))))
else {
  console.log(JSON.stringify(describeMachine()))
  console.table([600, 6000, 60_000].map(inChild))
}
