import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { LarderError } from '../../domain/index.ts'
import { compiledUrl, connectRpc, startWorker, wallClock } from '../../runtime/index.ts'
import type { OperationsPlace } from './open-operations-store.ts'
import type { OperationsStore } from './operations-store.ts'
import { connectOperationsStore } from './remote-operations-store.ts'

const closeWithinMs = 2000

export interface OperationsWorker {
  readonly store: OperationsStore
  /** A port to hand to another thread, for `connectOperationsStore` there. */
  connect(): MessagePort
  stop(): Promise<void>
}

/** The thread that holds the operations store, for all who connect. A store that cannot be opened is the error of every call. */
export function startOperationsWorker({
  onDeath,
  ...place
}: OperationsPlace & { readonly onDeath: (error: LarderError) => void }): OperationsWorker {
  const owned = startWorker(compiledUrl('./operations.worker.js', import.meta.url), {
    name: 'operations',
    data: place satisfies OperationsPlace,
    onDeath,
  })
  const connect = (): MessagePort => {
    const { port1, port2 } = new MessageChannel()
    owned.worker.postMessage(port1, [port1])
    return port2
  }
  const store = connectOperationsStore(connect())
  const owner = connectRpc<Pick<OperationsStore, 'close'>>(connect())
  return {
    store,
    connect,
    async stop() {
      const closed = owner.remote.close().catch(() => undefined)
      const patience = new AbortController()
      await Promise.race([
        closed,
        wallClock
          .sleepUntil(wallClock.now() + closeWithinMs, { signal: patience.signal })
          .catch(() => undefined),
      ])
      patience.abort()
      owner.close()
      await store.close()
      await owned.stop()
    },
  }
}
