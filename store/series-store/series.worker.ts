import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { serveRpc } from '../../runtime/index.ts'
import { watchDamage } from '../watch-damage.ts'
import type { SeriesWorkerData } from './series-worker.ts'
import { createSqliteSeriesStore } from './sqlite-series-store.ts'

const { file, readonly } = workerData as SeriesWorkerData
const store = watchDamage(createSqliteSeriesStore({ file, readonly }), file)
parentPort?.on('message', (port: MessagePort) => {
  serveRpc(port, store)
})
