import type { Position } from '../domain/index.ts'
import type { StoredBatch } from './batch.ts'
import type { BatchSpan } from './batch-store.ts'

/** The newest batches, kept in memory for readers that are close behind; the oldest go beyond `maxBytes`. */
export interface BatchTail {
  add(batch: StoredBatch): void
  /** Null where the tail does not reach back to `from`. */
  read(from: Position, maxMessages: number, maxBytes: number): BatchSpan | null
  dropBefore(position: Position): void
  has(buffer: ArrayBuffer): boolean
}

export function createBatchTail(maxBytes: number): BatchTail {
  let batches: StoredBatch[] = []
  const buffers = new Set<ArrayBuffer>()
  let bytes = 0

  const drop = (count: number): void => {
    if (count === 0) return
    for (const { buffer } of batches.slice(0, count)) {
      buffers.delete(buffer)
      bytes -= buffer.byteLength
    }
    batches = batches.slice(count)
  }

  return {
    add(batch) {
      const newest = batches.at(-1)
      if (newest && newest.first + newest.count !== batch.first) drop(batches.length)
      batches.push(batch)
      buffers.add(batch.buffer)
      bytes += batch.buffer.byteLength
      let beyond = 0
      for (let left = bytes; left > maxBytes && beyond < batches.length; beyond++)
        left -= batches[beyond]!.buffer.byteLength
      drop(beyond)
    },
    read(from, maxMessages, maxSize) {
      const index = batches.findIndex(({ first, count }) => from >= first && from < first + count)
      if (index < 0) return null
      const read: StoredBatch[] = []
      let messages = 0
      let size = 0
      for (let i = index; i < batches.length && messages < maxMessages && size < maxSize; i++) {
        const batch = batches[i]!
        read.push(batch)
        messages += batch.count
        size += batch.buffer.byteLength
      }
      const last = read.at(-1)!
      return { batches: read, holes: [], next: last.first + last.count }
    },
    dropBefore(position) {
      const kept = batches.findIndex(({ first, count }) => first + count > position)
      drop(kept < 0 ? batches.length : kept)
    },
    has: (buffer) => buffers.has(buffer),
  }
}
