import type Database from 'better-sqlite3'
import { LarderError, type Reading } from '../../domain/index.ts'
import {
  compareNames,
  compareRows,
  selectorSql,
  toReading,
  type ReadingRow,
  type SeriesName,
} from './series-rows.ts'
import type { SeriesStore } from './series-store.ts'

interface Found {
  readonly name: SeriesName
  readonly row: ReadingRow
}

/** Readings of many series by time: each series is walked only up to the last row that can still be on the page. */
export function readRange(
  db: Database.Database,
  query: Parameters<SeriesStore['range']>[0],
): Awaited<ReturnType<SeriesStore['range']>> {
  const after = query.after === undefined ? null : decodeCursor(query.after)
  const from = Math.max(query.from, after?.row.at ?? -Infinity)
  const { where, parameters } = selectorSql(query)
  const names = db
    .prepare(`SELECT id, site, device, channel, gtin FROM series ${where}`)
    .all(...parameters) as SeriesName[]
  const walk = prepareWalk(db)
  const wanted = query.limit + 1
  let found: Found[] = []
  let to = query.to
  for (const name of names) {
    let taken = 0
    for (const row of walk(name.id, from, to)) {
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
  found.sort(compareFound)
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

function prepareWalk(
  db: Database.Database,
): (series: number, from: number, to: number) => Iterable<ReadingRow> {
  const columns = 'at, value, boots.boot AS boot, seq, idx, received_at, quality'
  const statements = ['levels AS r', 'counts AS r INDEXED BY counts_by_time'].map((table) =>
    db.prepare(
      `SELECT ${columns} FROM ${table} JOIN boots ON boots.id = r.boot
       WHERE series = ? AND at >= ? AND at < ? ORDER BY at`,
    ),
  )
  return function* (series, from, to) {
    // A series is a level or a count, so that one of the two has no rows.
    for (const statement of statements) {
      yield* statement.iterate(series, from, to) as Iterable<ReadingRow>
    }
  }
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
    row.idx,
    row.value,
  ]
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

function decodeCursor(cursor: string): Found {
  try {
    const parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as readonly (
      string | number
    )[]
    const [site, device, channel, gtin, at, boot, seq, idx, value] = parts
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
          idx: Number(idx),
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
