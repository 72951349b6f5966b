import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { serveRpc } from '../../runtime/index.ts'
import type { OperationsWorkerData } from './operations-worker.ts'
import { serveOperationsStore } from './remote-operations-store.ts'
import { createSqliteOperationsStore } from './sqlite-operations-store.ts'

const { file } = workerData as OperationsWorkerData
const opening = createSqliteOperationsStore({ file })
// Told to each caller below, who may come later than the failure.
opening.catch(() => undefined)

parentPort?.on('message', (port: MessagePort) => {
  opening.then(
    (store) => serveOperationsStore(port, store),
    (error: unknown) => {
      const refuse = (): never => {
        throw error
      }
      serveRpc(port, new Proxy({}, { get: () => refuse }))
    },
  )
})
