import { parentPort, workerData } from 'node:worker_threads'
import { connectMessageLog } from '../message-log/index.ts'
import {
  createLogger,
  createMetrics,
  createRandom,
  followClock,
  serveRpc,
  wallClock,
} from '../runtime/index.ts'
import { connectOperationsStore, createSqliteSeriesStore, watchDamage } from '../store/index.ts'
import type { IngestControl, IngestPort, IngestWorkerData } from './ingest-worker.ts'
import { startIngest } from './ingest.ts'
import { startPruneLoop } from './prune-loop.ts'

const data = workerData as IngestWorkerData
const { settings } = data
const logger = createLogger(data.logLevel).child({ stage: 'ingest' })
const metrics = createMetrics({ withProcess: false })
const clock = followClock(data.anchor)
const log = connectMessageLog(data.logPort)
const operations = connectOperationsStore(data.operationsPort)
const series = watchDamage(
  createSqliteSeriesStore({ file: data.seriesFile, onDamage: (words) => logger.error(words) }),
  data.seriesFile,
)

const starting = startIngest({
  ...{ log, series, operations, clock, wall: wallClock, logger, metrics },
  random: createRandom(Date.now()),
  settings: settings.ingest,
  // An error that nothing catches ends the thread, and with it the process, which starts clean.
  onDeath: (error) => queueMicrotask(() => fail(error)),
})
starting.catch(fail)
const pruning = startPruneLoop({
  ...{ series, clock, clockSpeed: data.clockSpeed, logger },
  keepDays: settings.series.keepDays,
  keepRollupYears: settings.series.keepRollupYears,
})

function fail(error: unknown): never {
  throw error
}

const control: IngestControl = {
  drained: async () => (await starting).drained(),
  async status() {
    const ingest = await starting
    return { lagMs: ingest.lagMs(), counts: ingest.counts() }
  },
  metricsText: () => metrics.metrics(),
  replayDeadLetters: async (reason) => (await starting).replayDeadLetters(reason),
  async stop() {
    await pruning.stop()
    await (await starting).stop()
    await series.close()
  },
}

parentPort?.on('message', ({ serves, port }: IngestPort) => {
  serveRpc(port, serves === 'series' ? series : control)
})
