import { crc32 } from 'node:zlib'
import { bytesOf, decodeColumn, encodeColumn, hasSteps, planColumn } from './column-codec.ts'
import { columnNames, reserve, type Columns } from './columns.ts'

/** A block whose bytes are not those that were written. */
export class DamagedBlockError extends Error {
  override readonly name = 'DamagedBlockError'
}

/**
 * Readings as bytes (little-endian): CRC-32 of all that follows (4), readings (4), a kind per column (8), a base per column
 * (8 each), then column by column: the first number where steps are kept (8), the numbers, filled up to eight bytes.
 * The receive time is kept as distance from `at`. A segment has one more column, the number of the series, after the seven.
 */
export interface BlockCodec {
  /** The bytes are the codec's own and good until its next call. */
  encode(columns: Columns, from: number, to: number, series?: Float64Array): Uint8Array
  /** Appends the block's readings to the columns; throws DamagedBlockError and appends nothing where a byte is not as written. */
  decode(block: Uint8Array, into: Columns, series?: SeriesColumn): void
}

export interface SeriesColumn {
  values: Float64Array
}

const headerBytes = 16
const delayColumn = columnNames.indexOf('receivedAt')

export function createBlockCodec(): BlockCodec {
  let buffer = new ArrayBuffer(64 * 1024)
  let bytes = new Uint8Array(buffer)
  let view = new DataView(buffer)
  let delays = new Float64Array(1024)

  function growTo(length: number): void {
    if (length <= buffer.byteLength) return
    buffer = new ArrayBuffer(Math.max(length, buffer.byteLength * 2))
    bytes = new Uint8Array(buffer)
    view = new DataView(buffer)
  }

  function delaysOf({ at, receivedAt }: Columns, from: number, length: number): Float64Array {
    if (length > delays.length) delays = new Float64Array(length * 2)
    for (let i = 0; i < length; i++) delays[i] = receivedAt[from + i]! - at[from + i]!
    return delays
  }

  return {
    encode(columns, from, to, series) {
      const length = to - from
      const parts = columnNames.map((name, i) =>
        i === delayColumn ? delaysOf(columns, from, length) : columns[name].subarray(from, to),
      )
      if (series) parts.push(series.subarray(from, to))
      growTo(headerBytes + parts.length * (16 + 8 * length))
      view.setUint32(4, length, true)
      bytes.fill(0, 8, headerBytes)
      let place = headerBytes + 8 * parts.length
      for (const [i, values] of parts.entries()) {
        const plan = planColumn(values, length)
        bytes[8 + i] = plan.kind
        view.setFloat64(headerBytes + 8 * i, plan.base, true)
        if (hasSteps(plan.kind)) {
          view.setFloat64(place, plan.first, true)
          place += 8
        }
        const size = bytesOf(plan.kind, length)
        bytes.fill(0, place, place + size)
        encodeColumn(values, length, plan, buffer, place)
        place += size
      }
      view.setUint32(0, crc32(bytes.subarray(4, place)), true)
      return bytes.subarray(0, place)
    },

    decode(block, into, series) {
      const count = columnNames.length + (series ? 1 : 0)
      growTo(block.length)
      bytes.set(block)
      if (block.length < headerBytes + 8 * count) throw new DamagedBlockError('It is too short.')
      if (view.getUint32(0, true) !== crc32(bytes.subarray(4, block.length)))
        throw new DamagedBlockError('Its checksum is not that of its bytes.')
      const length = view.getUint32(4, true)
      const offset = into.length
      reserve(into, offset + length)
      if (series) series.values = grown(series.values, offset, offset + length)
      let place = headerBytes + 8 * count
      for (let i = 0; i < count; i++) {
        const kind = bytes[8 + i]!
        const first = hasSteps(kind) ? view.getFloat64(place, true) : 0
        if (hasSteps(kind)) place += 8
        const values = i < columnNames.length ? into[columnNames[i]!] : series!.values
        const base = view.getFloat64(headerBytes + 8 * i, true)
        decodeColumn({ kind, base, first }, buffer, place, length, values, offset)
        place += bytesOf(kind, length)
      }
      if (place !== block.length) throw new DamagedBlockError('Its length is not what it says.')
      const { at, receivedAt } = into
      for (let i = offset; i < offset + length; i++) receivedAt[i]! += at[i]!
      into.length = offset + length
    },
  }
}

function grown(values: Float64Array, used: number, length: number): Float64Array {
  if (length <= values.length) return values
  const larger = new Float64Array(Math.max(length, Math.ceil(values.length * 1.25)))
  larger.set(values.subarray(0, used))
  return larger
}
