import type { LoggedMessage, Position } from '../domain/index.ts'
import { header, headerCrc, magic, readHeader, readMessage, type StoredBatch } from './batch.ts'

/** One message as it stands packed in a batch: whoever passes it on needs to know no more of it. */
export interface PackedRecord {
  readonly position: Position
  readonly bytes: Uint8Array
}

/** The messages of a batch in order, without looking into them; null where the batch's own header is damaged. */
export function recordsOf({ buffer, first }: StoredBatch): readonly PackedRecord[] | null {
  const known = readHeader(buffer)
  if (known?.first !== first) return null
  const view = new DataView(buffer)
  const startOf = (index: number): number => view.getUint32(header.starts + 4 * index, true)
  return Array.from({ length: known.count }, (_, index) => {
    const end = index + 1 < known.count ? startOf(index + 1) : buffer.byteLength
    return {
      position: first + index,
      bytes: new Uint8Array(buffer, startOf(index), end - startOf(index)),
    }
  })
}

/** Bytes that a batch needs for itself, and for each message beside the message's own. */
export const batchBytes = header.starts
export const recordBytes = 4

/** Writes a batch of messages whose positions follow each other to the end of `target`, from `at` on. */
export function writeBatch(target: Uint8Array, at: number, records: readonly PackedRecord[]): void {
  const bytes = target.subarray(at)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let next = header.starts + recordBytes * records.length
  for (const [index, record] of records.entries()) {
    view.setUint32(header.starts + recordBytes * index, next, true)
    bytes.set(record.bytes, next)
    next += record.bytes.length
  }
  view.setUint32(header.magic, magic, true)
  view.setFloat64(header.first, records[0]?.position ?? 0, true)
  view.setUint32(header.count, records.length, true)
  view.setUint32(header.crc, headerCrc(bytes, records.length), true)
}

/** A batch that came from elsewhere; null where it is none. No message reaches into another: together they are no longer than it. */
export function readBatch(received: Uint8Array): {
  readonly messages: readonly LoggedMessage[]
  readonly damaged: readonly Position[]
} | null {
  const { buffer } = new Uint8Array(received)
  const known = readHeader(buffer)
  if (!known || !Number.isSafeInteger(known.first) || known.first < 1) return null
  const bytes = Buffer.from(buffer)
  const view = new DataView(buffer)
  const startOf = (index: number): number =>
    index < known.count ? view.getUint32(header.starts + 4 * index, true) : buffer.byteLength
  const messages: LoggedMessage[] = []
  const damaged: Position[] = []
  let start = startOf(0)
  if (start < header.starts + 4 * known.count) return null
  for (let index = 0; index < known.count; index++) {
    const next = startOf(index + 1)
    if (next < start || next > bytes.length) return null
    const position = known.first + index
    const message = readMessage(bytes, view, start, next, position)
    if (message) messages.push(message)
    else damaged.push(position)
    start = next
  }
  return { messages, damaged }
}
