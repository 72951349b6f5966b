import { createColumns, mark, reserve, type Columns } from './columns.ts'

const nothing = -1

/**
 * Readings that are written and not merged yet, in the order of their arrival, each with the one of its series before it:
 * so that those of one series are found without a look at the others. Memory is bounded by how much may wait for a merge.
 */
export interface Pending {
  readonly columns: Columns
  /** Number of the series of each reading. */
  readonly series: { values: Float64Array }
  /** Makes the readings from a place on visible by series. */
  link(from: number): void
  /** Places of a series' readings before `end`, in the order of arrival. */
  of(series: number, end?: number): number[]
  has(series: number): boolean
  /** Place of the newest reading of a series, where none of those that wait is marked; else null. */
  newestOf(series: number): number | null
  /** Above every series that has readings here. */
  seriesEnd(): number
  /** The readings of a series before `end` are merged. */
  cut(series: number, end: number): void
  /** All readings before `end` are merged; the rest moves to the front. */
  drop(end: number): void
}

export function createPending(): Pending {
  const columns = createColumns(0)
  const series = { values: new Float64Array(0) }
  let before = new Int32Array(0)
  let heads = new Int32Array(0)
  const marked = new Set<number>()
  let seriesEnd = 0

  function link(from: number): void {
    const { length } = columns
    if (before.length < length) {
      const grown = new Int32Array(Math.max(1024, columns.at.length))
      grown.set(before.subarray(0, from))
      before = grown
    }
    for (let i = from; i < length; i++) {
      const id = series.values[i]!
      if (id >= heads.length) growHeads(id + 1)
      before[i] = heads[id]!
      heads[id] = i
      if (id >= seriesEnd) seriesEnd = id + 1
      if (columns.quality[i]! >= mark.late) marked.add(id)
    }
  }

  function growHeads(length: number): void {
    const grown = new Int32Array(Math.max(1024, length * 2)).fill(nothing)
    grown.set(heads)
    heads = grown
  }

  function cut(id: number, end: number): void {
    let i = heads[id] ?? nothing
    if (i === nothing) return
    if (i < end) {
      heads[id] = nothing
      marked.delete(id)
      return
    }
    while (before[i]! >= end) i = before[i]!
    before[i] = nothing
  }

  return {
    columns,
    series,
    link,
    of(id, end = columns.length) {
      const places: number[] = []
      for (let i = heads[id] ?? nothing; i !== nothing; i = before[i]!) {
        if (i < end) places.push(i)
      }
      return places.reverse()
    },
    has: (id) => (heads[id] ?? nothing) !== nothing,
    newestOf(id) {
      const head = heads[id] ?? nothing
      return head === nothing || marked.has(id) ? null : head
    },
    seriesEnd: () => seriesEnd,
    cut,
    drop(end) {
      for (const name of Object.keys(columns) as (keyof Columns)[]) {
        if (name !== 'length') columns[name].copyWithin(0, end, columns.length)
      }
      series.values.copyWithin(0, end, columns.length)
      columns.length -= end
      heads.fill(nothing)
      marked.clear()
      seriesEnd = 0
      link(0)
    },
  }
}

/** Makes room for `more` readings at the end. */
export function reservePending(pending: Pending, more: number): void {
  const length = pending.columns.length + more
  reserve(pending.columns, length)
  const capacity = pending.columns.at.length
  if (pending.series.values.length >= capacity) return
  const grown = new Float64Array(capacity)
  grown.set(pending.series.values.subarray(0, pending.columns.length))
  pending.series.values = grown
}
