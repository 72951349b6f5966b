import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { serveRpc } from '../../runtime/index.ts'
import { openOperationsStore, type OperationsPlace } from './open-operations-store.ts'
import { serveOperationsStore } from './remote-operations-store.ts'

const opening = openOperationsStore(workerData as OperationsPlace)
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
