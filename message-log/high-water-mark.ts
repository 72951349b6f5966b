import { closeSync, fdatasync, fdatasyncSync, openSync, readSync, writeSync } from 'node:fs'
import type { Position } from '../domain/index.ts'
import { crc32c } from './crc32c.ts'

/**
 * The highest position ever given, in a small file beside the log and outside SQLite's journal: where the newest
 * batches of a damaged journal are dropped, the mark still says that they were there. Two slots are written in turn,
 * so that a torn write leaves the other. Synced every `syncEvery` marks: it may trail by so many batches after a power cut, never lead.
 */
export interface HighWaterMark {
  /** Null where there is none yet, or both slots are damaged. */
  position(): Position | null
  raise(position: Position): void
  close(): void
}

const slotBytes = 512
const markBytes = 16
const syncEvery = 32

export function openHighWaterMark(file: string): HighWaterMark {
  const handle = openSync(file, 'a+')
  closeSync(handle)
  const descriptor = openSync(file, 'r+')
  const bytes = Buffer.alloc(markBytes)
  let highest: Position | null = null
  let writes = 0
  let isSyncing = false

  for (const slot of [0, 1]) {
    bytes.fill(0)
    readSync(descriptor, bytes, 0, markBytes, slot * slotBytes)
    const isWhole = bytes.readUInt32LE(0) === crc32c(bytes, 4) && bytes.readUInt32LE(4) === 1
    if (isWhole) highest = Math.max(highest ?? 0, bytes.readDoubleLE(8))
  }

  return {
    position: () => highest,
    raise(position) {
      if (highest !== null && position <= highest) return
      bytes.writeUInt32LE(1, 4)
      bytes.writeDoubleLE(position, 8)
      bytes.writeUInt32LE(crc32c(bytes, 4), 0)
      try {
        writeSync(descriptor, bytes, 0, markBytes, (writes % 2) * slotBytes)
      } catch {
        // The batch is in the log: a mark that a full disk refuses trails until the next one is written.
        return
      }
      highest = position
      writes++
      if (writes % syncEvery !== 0 || isSyncing) return
      isSyncing = true
      fdatasync(descriptor, () => void (isSyncing = false))
    },
    close() {
      try {
        fdatasyncSync(descriptor)
      } catch {
        // It trails after a power cut now; the log itself is still to be closed.
      }
      closeSync(descriptor)
    },
  }
}
