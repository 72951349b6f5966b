import type { MessagePort } from 'node:worker_threads'
import type { RegistryChange } from '../../domain/index.ts'
import { connectRpc, serveRpc } from '../../runtime/index.ts'
import type { OperationsStore } from './operations-store.ts'

/** Serves a store, its events too, to the other end of a port until the port closes. */
export function serveOperationsStore(port: MessagePort, store: OperationsStore): void {
  const served = serveRpc(port, store)
  const stops = [
    store.subscribe((newest) => served.emit('changed', newest)),
    store.subscribeRegistry((change) => served.emit('registry', change)),
  ]
  port.on('close', () => {
    for (const stop of stops) stop()
  })
}

/** The store served at the other end of a port. Closing it closes the port, not the store. */
export function connectOperationsStore(port: MessagePort): OperationsStore {
  const client = connectRpc<OperationsStore>(port)
  const local: Pick<OperationsStore, 'subscribe' | 'subscribeRegistry' | 'close'> = {
    subscribe: (listener) => client.on('changed', (newest) => listener(newest as number)),
    subscribeRegistry: (listener) =>
      client.on('registry', (change) => listener(change as RegistryChange)),
    async close() {
      client.close()
      await Promise.resolve()
    },
  }
  return new Proxy(client.remote, {
    get: (remote, name): unknown => Reflect.get(name in local ? local : remote, name),
  })
}
