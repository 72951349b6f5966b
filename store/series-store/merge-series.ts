import type Database from 'better-sqlite3'
import { dayMs, LarderError } from '../../domain/index.ts'
import type { Boots } from './boots.ts'
import { fullChunk, type Chunk, type ChunkTable } from './chunk-table.ts'
import {
  copyReading,
  createColumns,
  isReading,
  lowerBound,
  mergeRuns,
  rowAt,
  type Columns,
  type Row,
  type Run,
} from './columns.ts'
import type { CountHeads } from './count-heads.ts'
import { dayOf } from './day-rollup.ts'
import type { RollupTable } from './rollup-table.ts'
import type { BookedSeries } from './series-book.ts'
import type { ReadingRow } from './series-rows.ts'
import type { SeriesView } from './series-view.ts'
import type { Patch } from './settle.ts'

/** Small chunks at the end of a series: this many become one. */
const smallChunksAtMost = 8

/** Moves the readings of one series that wait before a place into its chunks, hours and newest reading; gives how many there were. */
export function createSeriesMerger(deps: {
  readonly db: Database.Database
  readonly chunks: ChunkTable
  readonly view: SeriesView
  readonly rollups: RollupTable
  readonly heads: CountHeads
  readonly boots: Boots
  /** Readings by quality. */
  readonly totals: number[]
}): (series: BookedSeries, end: number) => number {
  const { db, chunks, view, rollups, heads, boots, totals } = deps
  const latestOf = db.prepare(
    'SELECT at, value, boot, seq, idx AS "index", received_at, quality FROM latest WHERE series = ?',
  )
  const saveLatest = db.prepare('INSERT OR REPLACE INTO latest VALUES (?, ?, ?, ?, ?, ?, ?, ?)')

  const news = createColumns(1024)
  const there = createColumns(1024)
  const all = createColumns(1024)

  function readLatest(series: number): Row | null {
    const row = latestOf.get(series) as (Omit<ReadingRow, 'boot'> & { boot: number }) | undefined
    return row ? { ...row, bootId: row.boot, boot: boots.textOf(row.boot) } : null
  }

  function keepLatest(series: BookedSeries, newest: Row): void {
    const { at, value, bootId, seq, index, received_at, quality } = newest
    saveLatest.run(series.id, at, value, bootId, seq, index, received_at, quality)
    series.mergedAt = at
  }

  /** Readings of one day, all newer than what is merged. */
  function append(series: BookedSeries, added: Columns, begin: number, end: number): void {
    const day = dayOf(added.at[begin]!)
    let small = dayOf(series.mergedAt) === day ? (series.smallChunks ?? countSmall(series, day)) : 0
    if (end - begin >= fullChunk) {
      chunks.add(series.id, added, begin, end)
      small = 0
    } else if (small + 1 < smallChunksAtMost) {
      chunks.add(series.id, added, begin, end)
      small++
    } else {
      const tail = chunks.lastOfDay(day, series.id, small)
      all.length = 0
      for (const chunk of tail) chunks.load(chunk, all)
      for (let i = begin; i < end; i++) copyReading(added, i, all)
      if (tail[0]) chunks.removeFrom(tail[0])
      chunks.add(series.id, all)
      small = all.length < fullChunk ? 1 : 0
    }
    series.smallChunks = small
  }

  function countSmall(series: BookedSeries, day: number): number {
    const last = chunks.lastOfDay(day, series.id, smallChunksAtMost)
    return last.length - 1 - last.findLastIndex(({ readings }) => readings >= fullChunk)
  }

  /** Readings from a place on, all newer than what is merged. */
  function appendAll(series: BookedSeries, added: Columns, first: number): void {
    for (let begin = first; begin < added.length;) {
      const day = dayOf(added.at[begin]!)
      let end = begin + 1
      while (end < added.length && dayOf(added.at[end]!) === day) end++
      append(series, added, begin, end)
      series.mergedAt = added.at[end - 1]!
      begin = end
    }
  }

  /** Readings before a place, among those that are there: the chunks they fall into are written again. */
  function insert(series: BookedSeries, { added, removed }: Patch, end: number): void {
    const placeOf = (at: number): number => Math.min(end, lowerBound(added, at))
    const times = removed.map(({ at }) => at)
    for (let i = 0; i < end; i++) times.push(added.at[i]!)
    const firstOfDay = new Map<number, number>()
    for (const at of times) {
      const day = dayOf(at)
      firstOfDay.set(day, Math.min(at, firstOfDay.get(day) ?? at))
    }
    for (const [day, first] of firstOfDay) {
      const reached = chunks.reached(day, series.id, first)
      const dayEnd = (day + 1) * dayMs
      if (reached.length === 0) chunks.add(series.id, added, placeOf(first), placeOf(dayEnd))
      for (const [i, chunk] of reached.entries()) {
        const from = i === 0 ? first : chunk.at
        const to = reached[i + 1]?.at ?? dayEnd
        const gone = removed.filter(({ at }) => at >= from && at < to)
        const run: Run = [added, placeOf(from), placeOf(to)]
        if (gone.length > 0 || run[1] < run[2]) rewrite(series, chunk, run, gone)
      }
    }
  }

  function rewrite(series: BookedSeries, chunk: Chunk, run: Run, gone: readonly Row[]): void {
    there.length = 0
    chunks.load(chunk, there)
    const { length } = there
    there.length = 0
    for (let i = 0; i < length; i++)
      if (!gone.some((row) => isReading(there, i, row))) copyReading(there, i, there)
    chunks.remove(chunk)
    all.length = 0
    mergeRuns(all, [there, 0, there.length], run, boots.textOf)
    chunks.add(series.id, all)
  }

  return (series, end) => {
    const patch = view.patchOf(series, end, news)
    if (!patch) return 0
    const { added, removed } = patch
    for (const rollup of rollups.patched(series, patch)) rollups.save(series.id, rollup)
    for (const { quality } of removed) totals[quality]!--
    for (let i = 0; i < added.length; i++) totals[added.quality[i]!]!++
    if (series.isCount) heads.save(series.id, added)
    const after = lowerBound(added, series.mergedAt + 1)
    const isNewer = after < added.length
    if (after > 0 || removed.length > 0) {
      const newest = isNewer ? null : view.newestOf(series, readLatest(series.id), patch)
      insert(series, patch, after)
      if (newest) keepLatest(series, newest)
    }
    if (isNewer) {
      appendAll(series, added, after)
      keepLatest(series, rowAt(added, added.length - 1, boots.textOf))
    }
    return Math.max(1, added.length)
  }
}

/** Totals by quality of a file. */
export function readTotals(db: Database.Database, qualities: number): number[] {
  const totals = Array.from({ length: qualities }, () => 0)
  const rows = db.prepare('SELECT quality, readings FROM totals').all() as {
    quality: number
    readings: number
  }[]
  for (const { quality, readings } of rows) {
    if (quality >= qualities) {
      throw new LarderError('RT_STORE_DAMAGED', `The series store counts a quality ${quality}.`)
    }
    totals[quality] = readings
  }
  return totals
}
