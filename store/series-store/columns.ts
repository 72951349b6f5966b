import { compareRank, qualities, type ReadingRow } from './series-rows.ts'

/** Readings of a segment or a chunk, one array per field. The arrays are longer than what is in them: `length` says how much. */
export interface Columns {
  length: number
  at: Float64Array
  value: Float64Array
  boot: Float64Array
  seq: Float64Array
  index: Float64Array
  receivedAt: Float64Array
  /** Number of the quality; in a segment with the bits of what was known of the reading when it came. */
  quality: Float64Array
}

/** In the order in which blocks keep them. Never reorder. */
export const columnNames = ['at', 'value', 'boot', 'seq', 'index', 'receivedAt', 'quality'] as const

/** A reading whose boot is given both as number and as text. */
export interface Row extends ReadingRow {
  readonly bootId: number
}

export function createColumns(capacity: number): Columns {
  return {
    length: 0,
    at: new Float64Array(capacity),
    value: new Float64Array(capacity),
    boot: new Float64Array(capacity),
    seq: new Float64Array(capacity),
    index: new Float64Array(capacity),
    receivedAt: new Float64Array(capacity),
    quality: new Float64Array(capacity),
  }
}

/** Makes room for `length` readings; what is there stays. Of large arrays only what was written takes memory: room is cheap, copies are not. */
export function reserve(columns: Columns, length: number): void {
  if (length <= columns.at.length) return
  const capacity = Math.max(1024, length, columns.at.length * 2)
  for (const name of columnNames) {
    const grown = new Float64Array(capacity)
    grown.set(columns[name].subarray(0, columns.length))
    columns[name] = grown
  }
}

export function copyReading(from: Columns, i: number, to: Columns): void {
  const at = to.length
  if (at === to.at.length) reserve(to, at + 1)
  to.at[at] = from.at[i]!
  to.value[at] = from.value[i]!
  to.boot[at] = from.boot[i]!
  to.seq[at] = from.seq[i]!
  to.index[at] = from.index[i]!
  to.receivedAt[at] = from.receivedAt[i]!
  to.quality[at] = from.quality[i]!
  to.length = at + 1
}

/** As a row, without its marks. */
export function rowAt(columns: Columns, i: number, bootText: (id: number) => string): Row {
  const bootId = columns.boot[i]!
  return {
    at: columns.at[i]!,
    value: columns.value[i]!,
    boot: bootText(bootId),
    bootId,
    seq: columns.seq[i]!,
    index: columns.index[i]!,
    received_at: columns.receivedAt[i]!,
    quality: columns.quality[i]! & qualityBits,
  }
}

export function addRow(columns: Columns, row: Row): void {
  const at = columns.length
  if (at === columns.at.length) reserve(columns, at + 1)
  columns.at[at] = row.at
  columns.value[at] = row.value
  columns.boot[at] = row.bootId
  columns.seq[at] = row.seq
  columns.index[at] = row.index
  columns.receivedAt[at] = row.received_at
  columns.quality[at] = row.quality
  columns.length = at + 1
}

/** First place whose `at` is not before `at`, in columns in order of time. */
export function lowerBound(columns: Columns, at: number): number {
  let low = 0
  let high = columns.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (columns.at[middle]! < at) low = middle + 1
    else high = middle
  }
  return low
}

/** Whether a reading of columns is this one of the same series. */
export function isReading(columns: Columns, i: number, row: Row): boolean {
  return (
    columns.at[i] === row.at &&
    columns.value[i] === row.value &&
    columns.boot[i] === row.bootId &&
    columns.seq[i] === row.seq &&
    columns.index[i] === row.index
  )
}

/** Appends two runs, each in order of time and rank, as one. */
export function mergeRuns(
  to: Columns,
  [a, aFrom, aEnd]: Run,
  [b, bFrom, bEnd]: Run,
  bootText: (id: number) => string,
): void {
  reserve(to, to.length + aEnd - aFrom + bEnd - bFrom)
  let j = bFrom
  for (let i = aFrom; i < aEnd; i++) {
    while (j < bEnd && isBefore(b, j, a, i, bootText)) copyReading(b, j++, to)
    copyReading(a, i, to)
  }
  while (j < bEnd) copyReading(b, j++, to)
}

/** Readings of columns from a place to before another. */
export type Run = readonly [columns: Columns, from: number, end: number]

function isBefore(a: Columns, i: number, b: Columns, j: number, bootText: (id: number) => string) {
  if (a.at[i] !== b.at[j]) return a.at[i]! < b.at[j]!
  return compareRank(rowAt(a, i, bootText), rowAt(b, j, bootText)) < 0
}

/**
 * Marks of a pending reading, above the number of its quality. `late`: it is not the newest of its series. `known`: one of the
 * same identity may be there already. A reading with neither is new and comes after all of its series, without a look at what is stored.
 */
export const mark = { late: 8, known: 16 } as const
export const qualityBits = 7

if (qualities.length > qualityBits + 1) throw new RangeError('The qualities outgrew their bits.')
