import type Database from 'better-sqlite3'
import { dayMs } from '../../domain/index.ts'
import type { Boots } from './boots.ts'
import type { Chunk, ChunkTable } from './chunk-table.ts'
import {
  copyReading,
  createColumns,
  isReading,
  lowerBound,
  mark,
  mergeRuns,
  qualityBits,
  rowAt,
  type Columns,
  type Row,
} from './columns.ts'
import { isAbove, mergedHeads } from './count-heads.ts'
import { dayOf } from './day-rollup.ts'
import type { Pending } from './pending.ts'
import { compareRows } from './series-rows.ts'
import { settleCounts, settleLevels, type Patch, type StoredLookup } from './settle.ts'

/** What of a series must be known to read it. */
export interface SeriesKey {
  readonly id: number
  readonly isCount: boolean
  /** Readings older than this are dropped. */
  readonly prunedBefore: number
}

/** Series as they are: what is merged, and what waits for a merge settled with it. */
export interface SeriesView {
  /**
   * What the readings that wait (those before place `end`) change; null where none waits. Where columns are given, what it adds is in
   * them: good until they are given again.
   */
  patchOf(series: SeriesKey, end?: number, added?: Columns): Patch | null
  /** Readings of one day with from <= at < to, in order. */
  readingsOf(series: SeriesKey, day: number, from: number, to: number, patch: Patch | null): Columns
  /** The newest reading, `latest` being the newest of those that are merged. */
  newestOf(series: SeriesKey, latest: Row | null, patch: Patch): Row | null
}

export function createSeriesView(deps: {
  readonly db: Database.Database
  readonly chunks: ChunkTable
  readonly pending: Pending
  readonly boots: Boots
}): SeriesView {
  const { chunks, pending, boots } = deps
  const headOf = mergedHeads(deps.db)
  const scratch = createColumns(1024)
  const pendingRow = (place: number): Row => rowAt(pending.columns, place, boots.textOf)

  function load(chunk: Chunk): Columns {
    scratch.length = 0
    chunks.load(chunk, scratch)
    return scratch
  }

  const lookup = ({ id }: SeriesKey): StoredLookup => ({
    levelsAt(times) {
      const rows: Row[] = []
      // From the end on: where a look finds nothing at or before a moment, the rest of the day needs none.
      for (let i = times.length - 1; i >= 0;) {
        const day = dayOf(times[i]!)
        const chunk = chunks.lastFrom(day, id, times[i]!)
        const stored = chunk ? chunk.lastAt : day * dayMs - 1
        while (i >= 0 && times[i]! > stored) i--
        if (!chunk || i < 0 || times[i]! < chunk.at) continue
        const readings = load(chunk)
        for (; i >= 0 && times[i]! >= chunk.at; i--) {
          const place = lowerBound(readings, times[i]!)
          if (place < readings.length && readings.at[place] === times[i])
            rows.push(rowAt(readings, place, boots.textOf))
        }
      }
      return rows.reverse()
    },
    countsLike(waiting) {
      const keyOf = (boot: number, seq: number, index: number) => `${boot}/${seq}/${index}`
      const keys = new Set<string>()
      const found = new Map<number, Chunk>()
      for (const boot of new Set(waiting.map(({ bootId }) => bootId))) {
        const head = headOf(id, boot)
        let min = Infinity
        let max = -Infinity
        // Above the highest that is merged there is none.
        for (const { bootId, seq, index } of waiting) {
          if (bootId !== boot || !head || isAbove(head, seq, index)) continue
          keys.add(keyOf(boot, seq, index))
          min = Math.min(min, seq)
          max = Math.max(max, seq)
        }
        if (min > max) continue
        for (const day of chunks.days()) {
          for (const chunk of chunks.bySeq(day, id, boot, min, max)) found.set(chunk.blob, chunk)
        }
      }
      const rows: Row[] = []
      for (const chunk of found.values()) {
        const readings = load(chunk)
        for (let i = 0; i < readings.length; i++) {
          const key = keyOf(readings.boot[i]!, readings.seq[i]!, readings.index[i]!)
          if (keys.has(key)) rows.push(rowAt(readings, i, boots.textOf))
        }
      }
      return rows
    },
  })

  function readingsOf(
    series: SeriesKey,
    day: number,
    from: number,
    to: number,
    patch: Patch | null,
  ): Columns {
    const there = chunks.between(day, series.id, from, to)
    const stored = createColumns(there.reduce((sum, { readings }) => sum + readings, 0))
    const isRemoved = (i: number) =>
      patch?.removed.some((row) => isReading(stored, i, row)) ?? false
    for (const chunk of there) {
      const begin = stored.length
      chunks.load(chunk, stored)
      if (chunk.at >= from && chunk.lastAt < to && !patch?.removed.length) continue
      const end = lowerBound(stored, to)
      const first = lowerBound(stored, from)
      stored.length = begin
      for (let i = Math.max(begin, first); i < end; i++)
        if (!isRemoved(i)) copyReading(stored, i, stored)
    }
    if (!patch) return stored
    const { added } = patch
    const first = lowerBound(added, Math.max(from, day * dayMs))
    const end = lowerBound(added, Math.min(to, (day + 1) * dayMs))
    if (first === end) return stored
    const both = createColumns(stored.length + end - first)
    mergeRuns(both, [stored, 0, stored.length], [added, first, end], boots.textOf)
    return both
  }

  return {
    patchOf(series, end, into) {
      const { columns } = pending
      let places: readonly number[] = pending.of(series.id, end)
      if (places.length === 0) return null
      if (places.some((place) => columns.at[place]! < series.prunedBefore))
        places = places.filter((place) => columns.at[place]! >= series.prunedBefore)
      let removed: readonly Row[] = []
      if (places.some((place) => columns.quality[place]! >= mark.late)) {
        const settle = series.isCount ? settleCounts : settleLevels
        const waiting = { columns, places, rowAt: pendingRow }
        ;({ places, removed } = settle(waiting, lookup(series)))
      }
      const added = into ?? createColumns(places.length)
      added.length = 0
      for (const place of places) copyReading(columns, place, added)
      for (let i = 0; i < added.length; i++) added.quality[i]! &= qualityBits
      return { added, removed }
    },

    readingsOf,

    newestOf(series, latest, patch) {
      const { added, removed } = patch
      const newest = added.length > 0 ? rowAt(added, added.length - 1, boots.textOf) : null
      if (latest && removed.some((row) => row.at === latest.at && compareRows(row, latest) === 0)) {
        const days = [...chunks.days()].reverse().filter((day) => day <= dayOf(latest.at))
        for (const day of days) {
          const readings = readingsOf(series, day, day * dayMs, (day + 1) * dayMs, patch)
          if (readings.length === 0) continue
          const row = rowAt(readings, readings.length - 1, boots.textOf)
          return newest && compareRows(row, newest) < 0 ? newest : row
        }
        return newest
      }
      return !latest || (newest && compareRows(newest, latest) >= 0) ? newest : latest
    },
  }
}
