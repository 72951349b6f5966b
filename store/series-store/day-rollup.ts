import { dayMs, hourMs } from '../../domain/index.ts'

const hours = 24
const bytes = hours * (4 * 8 + 2 * 4)

/**
 * Twenty-four hours of one series. Every value is the fold of the hour's readings in their order, so that adding at the end
 * and computing the hour again from its rows give the same bits; `stale` has a bit for each hour that must be computed again.
 */
export interface DayRollup {
  readonly day: number
  readonly sum: Float64Array
  readonly min: Float64Array
  readonly max: Float64Array
  readonly last: Float64Array
  readonly count: Uint32Array
  /** Milliseconds into the hour of its last reading. */
  readonly lastOffset: Uint32Array
  readonly buffer: ArrayBuffer
  stale: number
}

export function dayOf(at: number): number {
  return Math.floor(at / dayMs)
}

/** A day from its stored blob, or an empty one. */
export function readDay(day: number, blob?: Uint8Array): DayRollup {
  const buffer = new ArrayBuffer(bytes)
  if (blob) new Uint8Array(buffer).set(blob)
  return viewDay(day, buffer)
}

function viewDay(day: number, buffer: ArrayBuffer): DayRollup {
  const floats = (index: number) => new Float64Array(buffer, index * hours * 8, hours)
  return {
    day,
    sum: floats(0),
    min: floats(1),
    max: floats(2),
    last: floats(3),
    count: new Uint32Array(buffer, 4 * hours * 8, hours),
    lastOffset: new Uint32Array(buffer, 4 * hours * 8 + hours * 4, hours),
    buffer,
    stale: 0,
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
export function recomputeHour(
  rollup: DayRollup,
  hour: number,
  rows: readonly { readonly at: number; readonly value: number }[],
): void {
  const [first] = rows
  rollup.sum[hour] = 0
  rollup.min[hour] = first?.value ?? 0
  rollup.max[hour] = first?.value ?? 0
  rollup.last[hour] = 0
  rollup.lastOffset[hour] = 0
  for (const [index, { at, value }] of rows.entries()) {
    rollup.sum[hour] = index === 0 ? value : rollup.sum[hour] + value
    rollup.min[hour] = Math.min(rollup.min[hour], value)
    rollup.max[hour] = Math.max(rollup.max[hour], value)
    rollup.last[hour] = value
    rollup.lastOffset[hour] = at - rollup.day * dayMs - hour * hourMs
  }
  rollup.count[hour] = rows.length
}
