import { randomBytes } from 'node:crypto'
import type { Position } from '../domain/index.ts'
import { sealBatch, type PackedBatch, type StoredBatch } from './batch.ts'
import { readBytes, type BatchStore } from './batch-store.ts'
import type { LogHole } from './message-log.ts'

type Kept = StoredBatch & PackedBatch

export function createMemoryBatchStore(): BatchStore {
  const id = randomBytes(16).toString('hex')
  let kept: Kept[] = []
  let end = 0
  let bytes = 0
  let readers: ReadonlyMap<string, Position> = new Map()
  const holes: LogHole[] = []

  return {
    id: () => id,
    start: () => kept[0]?.first ?? end + 1,
    end: () => end,
    append: (batches) =>
      batches.map((batch) => {
        const stored = { ...batch, ...sealBatch(batch, end + 1) }
        kept.push(stored)
        end += batch.count
        bytes += batch.buffer.byteLength
        return stored
      }),
    read(from, maxMessages) {
      const batches: StoredBatch[] = []
      let messages = 0
      let size = 0
      for (const batch of kept) {
        if (batch.first + batch.count <= from) continue
        if (messages >= maxMessages || size >= readBytes) break
        batches.push(batch)
        messages += batch.count
        size += batch.buffer.byteLength
      }
      const last = batches.at(-1)
      return { batches, holes: [], next: last ? last.first + last.count : from }
    },
    prune({ before, maxBytes, through, passed }) {
      const isDropped = (batch: Kept, index: number): boolean => {
        const last = batch.first + batch.count - 1
        const isOld = batch.newestReceivedAt < before || last <= through
        return index < kept.length - 1 && last <= passed && (isOld || bytes > maxBytes)
      }
      let dropped = 0
      for (const [index, batch] of kept.entries()) {
        if (!isDropped(batch, index)) break
        bytes -= batch.buffer.byteLength
        dropped++
      }
      kept = kept.slice(dropped)
      return true
    },
    readers: () => readers,
    setReaders: (next) => void (readers = new Map(next)),
    holes: () => holes,
    addHole: (hole) => void holes.push(hole),
    bytes: () => bytes,
    oldestReceivedAt: () => kept[0]?.oldestReceivedAt ?? null,
    newestReceivedAt: () => kept.at(-1)?.newestReceivedAt ?? null,
    close: () => void (kept = []),
  }
}
