import type Database from 'better-sqlite3'
import { LarderError } from '../../domain/index.ts'
import type { Boots } from './boots.ts'
import { fullChunk, type Chunk, type ChunkTable } from './chunk-table.ts'
import { addRow, copyReading, createColumns, rowAt, type Columns, type Row } from './columns.ts'
import type { CountHeads } from './count-heads.ts'
import { dayOf } from './day-rollup.ts'
import type { RollupTable } from './rollup-table.ts'
import type { BookedSeries } from './series-book.ts'
import { compareRows, type ReadingRow } from './series-rows.ts'
import type { SeriesView } from './series-view.ts'
import { isSameRow, type Patch } from './settle.ts'

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
    'SELECT at, value, boot, seq, idx, received_at, quality FROM latest WHERE series = ?',
  )
  const saveLatest = db.prepare('INSERT OR REPLACE INTO latest VALUES (?, ?, ?, ?, ?, ?, ?, ?)')

  function readLatest(series: number): Row | null {
    const row = latestOf.get(series) as (Omit<ReadingRow, 'boot'> & { boot: number }) | undefined
    return row ? { ...row, bootId: row.boot, boot: boots.textOf(row.boot) } : null
  }

  function keepLatest(series: BookedSeries, newest: Row): void {
    const { at, value, bootId, seq, idx, received_at, quality } = newest
    saveLatest.run(series.id, at, value, bootId, seq, idx, received_at, quality)
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
      const tail = chunks.ofDay(day, series.id).slice(-small)
      const all = createColumns(fullChunk)
      for (const chunk of tail) chunks.load(chunk, all)
      for (let i = begin; i < end; i++) copyReading(added, i, all)
      for (const chunk of tail) chunks.remove(chunk)
      chunks.add(series.id, all)
      small = all.length < fullChunk ? 1 : 0
    }
    series.smallChunks = small
  }

  function countSmall(series: BookedSeries, day: number): number {
    const all = chunks.ofDay(day, series.id)
    return all.length - 1 - all.findLastIndex(({ readings }) => readings >= fullChunk)
  }

  function appendAll(series: BookedSeries, added: Columns): void {
    for (let begin = 0; begin < added.length;) {
      const day = dayOf(added.at[begin]!)
      let end = begin + 1
      while (end < added.length && dayOf(added.at[end]!) === day) end++
      append(series, added, begin, end)
      series.mergedAt = added.at[end - 1]!
      begin = end
    }
  }

  /** Readings among those that are there: the chunks they fall into are written again. */
  function insert(series: BookedSeries, { added, removed }: Patch): void {
    const rows = Array.from({ length: added.length }, (_, i) => rowAt(added, i, boots.textOf))
    for (const day of new Set([...rows, ...removed].map(({ at }) => dayOf(at)))) {
      const there = chunks.ofDay(day, series.id)
      const changes = new Map<Chunk | undefined, Row[]>()
      const chunkOf = (at: number) => there.findLast((chunk) => chunk.at <= at) ?? there[0]
      const changesOf = (at: number) => {
        const chunk = chunkOf(at)
        let list = changes.get(chunk)
        if (!list) changes.set(chunk, (list = []))
        return list
      }
      for (const row of rows) if (dayOf(row.at) === day) changesOf(row.at).push(row)
      for (const row of removed) if (dayOf(row.at) === day) changesOf(row.at)
      for (const [chunk, news] of changes) rewrite(series, chunk, news, removed)
    }
    series.smallChunks = null
  }

  function rewrite(
    series: BookedSeries,
    chunk: Chunk | undefined,
    news: readonly Row[],
    removed: readonly Row[],
  ): void {
    const all = createColumns(fullChunk)
    if (chunk) chunks.load(chunk, all)
    const rows = Array.from({ length: all.length }, (_, i) => rowAt(all, i, boots.textOf))
    const kept = rows.filter((row) => !removed.some((other) => isSameRow(row, other)))
    kept.push(...news)
    kept.sort(compareRows)
    if (chunk) chunks.remove(chunk)
    const changed = createColumns(kept.length)
    for (const row of kept) addRow(changed, row)
    chunks.add(series.id, changed)
  }

  return (series, end) => {
    const patch = view.patchOf(series, end)
    if (!patch) return 0
    const { added, removed } = patch
    for (const rollup of rollups.patched(series, patch)) rollups.save(series.id, rollup)
    for (const { quality } of removed) totals[quality]!--
    for (let i = 0; i < added.length; i++) totals[added.quality[i]!]!++
    if (series.isCount) heads.save(series.id, added)
    if (removed.length === 0 && added.length > 0 && added.at[0]! > series.mergedAt) {
      appendAll(series, added)
      keepLatest(series, rowAt(added, added.length - 1, boots.textOf))
    } else if (added.length > 0 || removed.length > 0) {
      const newest = view.newestOf(series, readLatest(series.id), patch)
      insert(series, patch)
      if (newest) keepLatest(series, newest)
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
