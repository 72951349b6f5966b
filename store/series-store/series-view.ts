import { dayMs } from '../../domain/index.ts'
import type { Boots } from './boots.ts'
import type { Chunk, ChunkTable } from './chunk-table.ts'
import { copyReading, createColumns, lowerBound, mark, qualityBits, rowAt } from './columns.ts'
import type { Columns, Row } from './columns.ts'
import { dayOf } from './day-rollup.ts'
import type { Pending } from './pending.ts'
import { compareRows } from './series-rows.ts'
import { isSameRow, settleCounts, settleLevels } from './settle.ts'
import type { Patch, PendingRow, StoredLookup } from './settle.ts'

/** What of a series must be known to read it. */
export interface SeriesKey {
  readonly id: number
  readonly isCount: boolean
  /** Readings older than this are dropped. */
  readonly prunedBefore: number
}

/** Series as they are: what is merged, and what waits for a merge settled with it. */
export interface SeriesView {
  /** What the readings that wait (those before place `end`) change; null where none waits. */
  patchOf(series: SeriesKey, end?: number): Patch | null
  /** Readings of one day with from <= at < to, in order. */
  rowsOf(series: SeriesKey, day: number, from: number, to: number, patch: Patch | null): Row[]
  /** The newest reading, `latest` being the newest of those that are merged. */
  newestOf(series: SeriesKey, latest: Row | null, patch: Patch): Row | null
}

export function createSeriesView(deps: {
  readonly chunks: ChunkTable
  readonly pending: Pending
  readonly boots: Boots
}): SeriesView {
  const { chunks, pending, boots } = deps
  const scratch = createColumns(1024)

  function load(chunk: Chunk): Columns {
    scratch.length = 0
    chunks.load(chunk, scratch)
    return scratch
  }

  const lookup = ({ id }: SeriesKey): StoredLookup => ({
    levelsAt(times) {
      const rows: Row[] = []
      for (let i = 0; i < times.length;) {
        const at = times[i]!
        const [chunk] = chunks.between(dayOf(at), id, at, at + 1)
        if (!chunk) {
          i++
          continue
        }
        const readings = load(chunk)
        for (; i < times.length && times[i]! <= chunk.lastAt; i++) {
          const place = lowerBound(readings, times[i]!)
          if (readings.at[place] === times[i]) rows.push(rowAt(readings, place, boots.textOf))
        }
      }
      return rows
    },
    countsLike(wanted) {
      const keyOf = (boot: number, seq: number, index: number) => `${boot}/${seq}/${index}`
      const keys = new Set(wanted.map(({ bootId, seq, idx }) => keyOf(bootId, seq, idx)))
      const found = new Map<number, Chunk>()
      for (const boot of new Set(wanted.map(({ bootId }) => bootId))) {
        const seqs = wanted.filter(({ bootId }) => bootId === boot).map(({ seq }) => seq)
        const min = seqs.reduce((a, b) => Math.min(a, b))
        const max = seqs.reduce((a, b) => Math.max(a, b))
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

  function rowsOf(
    series: SeriesKey,
    day: number,
    from: number,
    to: number,
    patch: Patch | null,
  ): Row[] {
    const rows: Row[] = []
    const isIn = (row: Row) => !patch?.removed.some((other) => isSameRow(row, other))
    for (const chunk of chunks.between(day, series.id, from, to)) {
      const readings = load(chunk)
      const end = lowerBound(readings, to)
      for (let i = lowerBound(readings, from); i < end; i++) {
        const row = rowAt(readings, i, boots.textOf)
        if (isIn(row)) rows.push(row)
      }
    }
    if (!patch) return rows
    const { added } = patch
    const stored = rows.length
    const end = lowerBound(added, Math.min(to, (day + 1) * dayMs))
    for (let i = lowerBound(added, Math.max(from, day * dayMs)); i < end; i++)
      rows.push(rowAt(added, i, boots.textOf))
    const isInOrder = stored === 0 || stored === rows.length
    return isInOrder || rows[stored - 1]!.at < rows[stored]!.at ? rows : rows.sort(compareRows)
  }

  return {
    patchOf(series, end) {
      const all = pending.of(series.id, end)
      const { columns } = pending
      const places = all.filter((place) => columns.at[place]! >= series.prunedBefore)
      if (all.length === 0) return null
      if (places.every((place) => columns.quality[place]! < mark.late)) {
        const added = createColumns(places.length)
        for (const place of places) copyReading(columns, place, added)
        return { added, removed: [] }
      }
      const rows = places.map((place): PendingRow => {
        const row = rowAt(columns, place, boots.textOf)
        return { ...row, quality: row.quality & qualityBits, isKnown: row.quality >= mark.known }
      })
      return (series.isCount ? settleCounts : settleLevels)(rows, lookup(series))
    },

    rowsOf,

    newestOf(series, latest, patch) {
      const { added, removed } = patch
      const newest = added.length > 0 ? rowAt(added, added.length - 1, boots.textOf) : null
      if (latest && removed.some((row) => isSameRow(row, latest))) {
        const days = [...chunks.days()].reverse().filter((day) => day <= dayOf(latest.at))
        for (const day of days) {
          const row = rowsOf(series, day, day * dayMs, (day + 1) * dayMs, patch).at(-1)
          if (row) return newest && compareRows(row, newest) < 0 ? newest : row
        }
        return newest
      }
      return !latest || (newest && compareRows(newest, latest) >= 0) ? newest : latest
    },
  }
}
