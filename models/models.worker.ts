import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import type { Settings } from '../config/index.ts'
import type { ClockAnchor } from '../domain/index.ts'
import {
  connectRpc,
  createLogger,
  createMetrics,
  followClock,
  serveRpc,
  wallClock,
} from '../runtime/index.ts'
import type { OperationsStore, SeriesStore } from '../store/index.ts'
import { helpInThread } from './ensemble/index.ts'
import { startModels } from './start-models.ts'
import { trainInWorker } from './training/training-worker.ts'

export interface ModelsWorkerData {
  readonly seriesPort: MessagePort
  readonly operationsPort: MessagePort
  readonly anchor: ClockAnchor
  readonly settings: Settings['models']
  readonly folder: string
  readonly seed: number
  readonly logLevel: string
}

const data = workerData as ModelsWorkerData
const logger = createLogger(data.logLevel).child({ stage: 'models' })
const metrics = createMetrics({ withProcess: false })
const series = connectRpc<SeriesStore>(data.seriesPort)
const operations = connectRpc<OperationsStore>(data.operationsPort)
const stage = startModels({
  series: series.remote,
  operations: operations.remote,
  clock: followClock(data.anchor),
  wall: wallClock,
  logger,
  metrics,
  settings: data.settings,
  folder: data.folder,
  seed: data.seed,
  train: trainInWorker,
  startHelper: helpInThread((error) =>
    logger.warn({ err: error }, 'forecasts go on in one thread'),
  ),
})

if (parentPort) {
  serveRpc(parentPort, {
    status: () => stage.status(),
    metricsText: () => metrics.metrics(),
    async stop() {
      await stage.stop()
      series.close()
      operations.close()
    },
  })
}
