import { crc32 } from 'node:zlib'
import { dayMs, hourMs } from '../../domain/index.ts'
import { DamagedBlockError } from './block-codec.ts'
import type { Columns } from './columns.ts'
import { isOfHour } from './series-rows.ts'

export const hours = 24
/** Of one hour: sum, min, max, last, count, offset of the last. */
export const hourBytes = 4 * 8 + 2 * 4

/**
 * Twenty-four hours of one series. Every value is the fold of the hour's readings in their order, so that adding at the end
 * and computing the hour again from its rows give the same bits; `stale` has a bit for each hour that must be computed again.
 */
export interface DayRollup {
  day: number
  readonly sum: Float64Array
  readonly min: Float64Array
  readonly max: Float64Array
  readonly last: Float64Array
  readonly count: Uint32Array
  /** Milliseconds into the hour of its last reading. */
  readonly lastOffset: Uint32Array
  stale: number
}

export function dayOf(at: number): number {
  return Math.floor(at / dayMs)
}

export function emptyDay(day: number): DayRollup {
  const buffer = new ArrayBuffer(hours * hourBytes)
  const floats = (index: number) => new Float64Array(buffer, index * hours * 8, hours)
  return {
    day,
    sum: floats(0),
    min: floats(1),
    max: floats(2),
    last: floats(3),
    count: new Uint32Array(buffer, 4 * hours * 8, hours),
    lastOffset: new Uint32Array(buffer, 4 * hours * 8 + hours * 4, hours),
    stale: 0,
  }
}

/** As bytes, little-endian: CRC-32 of the rest, a bit per hour that has readings, and those hours: sum, min, max, last, count, offset of the last. */
export function encodeDay(rollup: DayRollup): Uint8Array {
  const { sum, min, max, last, count, lastOffset } = rollup
  const blob = Buffer.allocUnsafe(firstHourByte + hours * hourBytes)
  let bits = 0
  let place = firstHourByte
  for (let hour = 0; hour < hours; hour++) {
    if (count[hour] === 0) continue
    bits |= 1 << hour
    blob.writeDoubleLE(sum[hour]!, place)
    blob.writeDoubleLE(min[hour]!, place + 8)
    blob.writeDoubleLE(max[hour]!, place + 16)
    blob.writeDoubleLE(last[hour]!, place + 24)
    blob.writeUInt32LE(count[hour]!, place + 32)
    blob.writeUInt32LE(lastOffset[hour]!, place + 36)
    place += hourBytes
  }
  blob.writeUInt32LE(bits, 4)
  blob.writeUInt32LE(crc32(blob.subarray(4, place)), 0)
  return blob.subarray(0, place)
}

/** Bytes of a day as they are to be read: which hours have readings, and from where on. */
export interface HoursView {
  readonly view: DataView
  readonly bits: number
}

export const firstHourByte = 8

/** Throws DamagedBlockError where a byte is not as written. */
export function viewHours(blob: Uint8Array): HoursView {
  if (blob.length < firstHourByte || (blob.length - firstHourByte) % hourBytes !== 0)
    throw new DamagedBlockError('Its length is none of ours.')
  const view = new DataView(blob.buffer, blob.byteOffset, blob.length)
  if (view.getUint32(0, true) !== crc32(blob.subarray(4)))
    throw new DamagedBlockError('Its checksum is not that of its bytes.')
  return { view, bits: view.getUint32(4, true) }
}

/** Makes it the day as its bytes say; without bytes, an empty one. */
export function fillDay(rollup: DayRollup, day: number, blob: Uint8Array | undefined): void {
  rollup.day = day
  rollup.stale = 0
  // All that is known of an hour without readings is that it has none.
  rollup.count.fill(0)
  if (!blob) return
  const { view, bits } = viewHours(blob)
  let place = firstHourByte
  for (let hour = 0; hour < hours; hour++) {
    if ((bits & (1 << hour)) === 0) continue
    rollup.sum[hour] = view.getFloat64(place, true)
    rollup.min[hour] = view.getFloat64(place + 8, true)
    rollup.max[hour] = view.getFloat64(place + 16, true)
    rollup.last[hour] = view.getFloat64(place + 24, true)
    rollup.count[hour] = view.getUint32(place + 32, true)
    rollup.lastOffset[hour] = view.getUint32(place + 36, true)
    place += hourBytes
  }
}

/** Adds a reading that is the newest of its hour; one that is not makes its hour stale. */
export function addToDay(rollup: DayRollup, at: number, value: number): void {
  const intoDay = at - rollup.day * dayMs
  const hour = Math.floor(intoDay / hourMs)
  const offset = intoDay - hour * hourMs
  const count = rollup.count[hour]!
  if (count > 0 && offset <= rollup.lastOffset[hour]!) {
    rollup.stale |= 1 << hour
    return
  }
  rollup.sum[hour] = count === 0 ? value : rollup.sum[hour]! + value
  rollup.min[hour] = count === 0 ? value : Math.min(rollup.min[hour]!, value)
  rollup.max[hour] = count === 0 ? value : Math.max(rollup.max[hour]!, value)
  rollup.last[hour] = value
  rollup.count[hour] = count + 1
  rollup.lastOffset[hour] = offset
}

export function markStale(rollup: DayRollup, at: number): void {
  rollup.stale |= 1 << Math.floor((at - rollup.day * dayMs) / hourMs)
}

/** Computes an hour again from all its readings, given in their order. */
export function recomputeHour(rollup: DayRollup, hour: number, readings: Columns): void {
  const { at, value, quality } = readings
  rollup.sum[hour] = 0
  rollup.min[hour] = 0
  rollup.max[hour] = 0
  rollup.last[hour] = 0
  rollup.lastOffset[hour] = 0
  rollup.count[hour] = 0
  let count = 0
  for (let i = 0; i < readings.length; i++) {
    if (!isOfHour(quality[i]!)) continue
    const one = value[i]!
    rollup.sum[hour] = count === 0 ? one : rollup.sum[hour] + one
    rollup.min[hour] = count === 0 ? one : Math.min(rollup.min[hour], one)
    rollup.max[hour] = count === 0 ? one : Math.max(rollup.max[hour], one)
    rollup.last[hour] = one
    rollup.lastOffset[hour] = at[i]! - rollup.day * dayMs - hour * hourMs
    count++
  }
  rollup.count[hour] = count
}
