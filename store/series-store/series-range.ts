import { dayMs, LarderError, type Reading } from '../../domain/index.ts'
import type { Boots } from './boots.ts'
import type { ChunkTable } from './chunk-table.ts'
import { rowAt } from './columns.ts'
import { dayOf } from './day-rollup.ts'
import {
  compareNames,
  compareRows,
  toReading,
  type ReadingRow,
  type SeriesName,
} from './series-rows.ts'
import type { SeriesStore } from './series-store.ts'
import type { SeriesKey, SeriesView } from './series-view.ts'
import type { Patch } from './settle.ts'

interface Found {
  readonly name: SeriesName
  readonly row: ReadingRow
}

export interface NamedSeries extends SeriesKey {
  readonly name: SeriesName
}

/** From so many series on, those that have anything on a day are asked for first. */
const manySeries = 64

/**
 * Readings of many series by time, a day after the other until the page is full: within a day each series is walked only up to
 * the last row that can still be on the page.
 */
export function readRange(
  deps: { readonly chunks: ChunkTable; readonly view: SeriesView; readonly boots: Boots },
  names: readonly NamedSeries[],
  query: Parameters<SeriesStore['range']>[0],
): Awaited<ReturnType<SeriesStore['range']>> {
  const { chunks, view, boots } = deps
  const after = query.after === undefined ? null : decodeCursor(query.after)
  const from = Math.max(query.from, after?.row.at ?? -Infinity)
  const patches = new Map<number, Patch>()
  const days = new Set(chunks.days())
  for (const series of names) {
    const patch = view.patchOf(series)
    if (!patch) continue
    patches.set(series.id, patch)
    for (let i = 0; i < patch.added.length; i++) days.add(dayOf(patch.added.at[i]!))
  }
  const wanted = query.limit + 1
  const found: Found[] = []
  for (const day of [...days].sort((a, b) => a - b)) {
    if ((day + 1) * dayMs <= from) continue
    if (day * dayMs >= query.to || found.length >= wanted) break
    const stored = names.length < manySeries ? null : new Set(chunks.seriesOfDay(day))
    const some = stored ? names.filter(({ id }) => stored.has(id) || patches.has(id)) : names
    found.push(...readDay(day, some, wanted - found.length))
  }

  function readDay(day: number, some: readonly NamedSeries[], wanted: number): Found[] {
    let found: Found[] = []
    let to = query.to
    for (const series of some) {
      const { name } = series
      let taken = 0
      const readings = view.readingsOf(series, day, from, to, patches.get(series.id) ?? null)
      for (let i = 0; i < readings.length; i++) {
        const row = rowAt(readings, i, boots.textOf)
        // The last place may be shared by several readings of one moment, in an order that only all of them show.
        if (taken >= wanted && row.at !== found.at(-1)!.row.at) break
        if (after && compareFound({ name, row }, after) <= 0) continue
        found.push({ name, row })
        taken++
      }
      if (found.length <= wanted) continue
      found = found.sort(compareFound).slice(0, wanted)
      to = Math.min(to, found.at(-1)!.row.at + 1)
    }
    return some.length > 1 ? found.sort(compareFound) : found
  }

  const page = found.slice(0, query.limit)
  const last = page.at(-1)
  return {
    readings: page.map(({ name, row }): Reading => toReading(name, row)),
    next: found.length > query.limit && last ? encodeCursor(last) : null,
  }
}

function compareFound(a: Found, b: Found): number {
  return a.row.at - b.row.at || compareNames(a.name, b.name) || compareRows(a.row, b.row)
}

function encodeCursor({ name, row }: Found): string {
  const parts = [
    name.site,
    name.device,
    name.channel,
    name.gtin,
    row.at,
    row.boot,
    row.seq,
    row.index,
    row.value,
  ]
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

function decodeCursor(cursor: string): Found {
  try {
    const parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as readonly (
      string | number
    )[]
    const [site, device, channel, gtin, at, boot, seq, index, value] = parts
    if (parts.length === 9 && typeof at === 'number') {
      return {
        name: {
          id: 0,
          site: String(site),
          device: String(device),
          channel: String(channel),
          gtin: String(gtin),
        },
        row: {
          at,
          boot: String(boot),
          seq: Number(seq),
          index: Number(index),
          value: Number(value),
          received_at: 0,
          quality: 0,
        },
      }
    }
  } catch {
    // Said below, in one sentence for every way to be wrong.
  }
  throw new LarderError(
    'RT_REQUEST_INVALID',
    'The cursor is not one of ours: give "next" of the page before, unchanged, or leave it out.',
  )
}
