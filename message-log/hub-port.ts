import type { MessagePort, Transferable } from 'node:worker_threads'
import { connectRpc, serveRpc } from '../runtime/index.ts'
import type { BatchHub, Delivery } from './batch-hub.ts'
import type { PackedBatch } from './batch.ts'

/** Packed batches cross without a copy: what is sent to the log, and what of a delivery only its reader needs. */
function buffersOf(value: unknown): readonly Transferable[] {
  if (typeof value !== 'object' || value === null) return []
  if ('buffers' in value) return (value as Delivery).buffers
  if ('buffer' in value) return [(value as PackedBatch).buffer]
  return []
}

/** Serves a hub to the thread at the other end; its readers end with the port, and only its owner closes the hub. */
export function serveHub(hub: BatchHub, port: MessagePort): void {
  const readers = new Set<number>()
  const served: BatchHub = {
    ...hub,
    async open(reader) {
      const id = await hub.open(reader)
      readers.add(id)
      return id
    },
    closeReader(id) {
      readers.delete(id)
      return hub.closeReader(id)
    },
    close: () => Promise.resolve(),
  }
  serveRpc(port, served, buffersOf)
  port.on('close', () => {
    for (const id of readers) void hub.closeReader(id)
  })
}

export function connectHub(port: MessagePort): { readonly hub: BatchHub; close(): void } {
  const client = connectRpc<BatchHub>(port, buffersOf)
  return { hub: client.remote, close: () => client.close() }
}
