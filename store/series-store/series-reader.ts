import type Database from 'better-sqlite3'
import {
  hourMs,
  LarderError,
  type Position,
  type Quality,
  type Reading,
} from '../../domain/index.ts'
import { dayOf, readDay } from './day-rollup.ts'
import { readRange } from './series-range.ts'
import {
  qualities,
  selectorSql,
  toReading,
  type ReadingRow,
  type SeriesName,
} from './series-rows.ts'
import type { HourlySeries, SeriesSelector, SeriesStore } from './series-store.ts'

/** What a series database answers. Reads see whole transactions only. */
export function createSeriesReader(
  db: Database.Database,
): Omit<SeriesStore, 'write' | 'prune' | 'close'> {
  return {
    // An async method turns what it throws into a rejection.
    applied: async (group) => Promise.resolve(readApplied(db, group)),
    range: async (query) => Promise.resolve(readRange(db, query)),
    latest: async (query) => Promise.resolve(readLatest(db, query)),
    hourly: async (query) => Promise.resolve(readHourly(db, query)),
    watermarks: async () => Promise.resolve(readWatermarks(db)),
    stats: async () => Promise.resolve(readStats(db)),
  }
}

function readApplied(db: Database.Database, group: string): ReadonlyMap<number, Position> {
  const rows = db.prepare('SELECT part, position FROM applied WHERE grp = ?').all(group) as {
    part: number
    position: number
  }[]
  return new Map(rows.map(({ part, position }) => [part, position]))
}

function readWatermarks(db: Database.Database): ReadonlyMap<string, number> {
  const rows = db.prepare('SELECT site, at FROM watermarks').all() as { site: string; at: number }[]
  return new Map(rows.map(({ site, at }) => [site, at]))
}

function readLatest(
  db: Database.Database,
  query: Parameters<SeriesStore['latest']>[0],
): readonly Reading[] {
  const { where, parameters } = selectorSql(query)
  const since = query.receivedSince
  const order = since === undefined ? 'site, device, channel, gtin' : 'received_at DESC, series.id'
  const recent = since === undefined ? '' : `${where === '' ? 'WHERE' : 'AND'} received_at >= ?`
  const rows = db
    .prepare(
      `SELECT series.id, site, device, channel, gtin, at, value, boots.boot AS boot, seq, idx, received_at, quality
       FROM series JOIN latest ON latest.series = series.id JOIN boots ON boots.id = latest.boot
       ${where} ${recent} ORDER BY ${order} LIMIT ?`,
    )
    .all(...parameters, ...(since === undefined ? [] : [since]), query.limit ?? -1) as (ReadingRow &
    SeriesName)[]
  return rows.map((row) => toReading(row, row))
}

interface HourlyGroup {
  readonly hourly: HourlySeries
  /** Time of each hour's `last`, to choose among devices. */
  readonly lastAt: Float64Array
}

function readHourly(
  db: Database.Database,
  query: Parameters<SeriesStore['hourly']>[0],
): readonly HourlySeries[] {
  const { from, to, by } = query
  if (from % hourMs !== 0 || to % hourMs !== 0 || to < from) {
    throw new LarderError('RT_REQUEST_INVALID', 'Hours are asked from a full hour to a later one.')
  }
  const groups = new Map<string, HourlyGroup>()
  const days = db
    .prepare('SELECT day, hours FROM days WHERE series = ? AND day >= ? AND day <= ?')
    .raw()
  for (const name of findSeries(db, query)) {
    const device = by === 'device' ? name.device : null
    const key = `${name.site}/${device ?? ''}/${name.channel}/${name.gtin}`
    let group = groups.get(key)
    for (const [day, blob] of days.iterate(name.id, dayOf(from), dayOf(to - 1)) as Iterable<
      [number, Uint8Array]
    >) {
      if (!group) groups.set(key, (group = emptyHours(name, device, from, (to - from) / hourMs)))
      addDayToHours(group, day, blob)
    }
  }
  return [...groups.values()].map(({ hourly }) => hourly)
}

function findSeries(db: Database.Database, selector: SeriesSelector): SeriesName[] {
  const { where, parameters } = selectorSql(selector)
  return db
    .prepare(
      `SELECT id, site, device, channel, gtin FROM series ${where} ORDER BY site, device, channel, gtin`,
    )
    .all(...parameters) as SeriesName[]
}

/** One buffer for the four kinds of value, so that a copy to another thread is one copy. */
function emptyHours(
  name: SeriesName,
  device: string | null,
  from: number,
  hours: number,
): HourlyGroup {
  const values = new Float64Array(hours * 4).fill(NaN)
  return {
    hourly: {
      site: name.site,
      device,
      channel: name.channel,
      gtin: name.gtin === '' ? null : name.gtin,
      from,
      sum: values.subarray(0, hours),
      min: values.subarray(hours, 2 * hours),
      max: values.subarray(2 * hours, 3 * hours),
      last: values.subarray(3 * hours),
      count: new Uint32Array(hours),
    },
    lastAt: new Float64Array(hours),
  }
}

function addDayToHours({ hourly, lastAt }: HourlyGroup, day: number, blob: Uint8Array): void {
  const rollup = readDay(day, blob)
  const { sum, min, max, last, count } = hourly
  const firstHour = day * 24 - hourly.from / hourMs
  const end = Math.min(24, sum.length - firstHour)
  for (let hour = Math.max(0, -firstHour); hour < end; hour++) {
    const readings = rollup.count[hour]!
    if (readings === 0) continue
    const i = firstHour + hour
    const isFirst = count[i] === 0
    sum[i] = isFirst ? rollup.sum[hour]! : sum[i]! + rollup.sum[hour]!
    min[i] = isFirst ? rollup.min[hour]! : Math.min(min[i]!, rollup.min[hour]!)
    max[i] = isFirst ? rollup.max[hour]! : Math.max(max[i]!, rollup.max[hour]!)
    count[i]! += readings
    if (isFirst || rollup.lastOffset[hour]! > lastAt[i]!) {
      lastAt[i] = rollup.lastOffset[hour]!
      last[i] = rollup.last[hour]!
    }
  }
}

function readStats(db: Database.Database): Awaited<ReturnType<SeriesStore['stats']>> {
  const byQuality = Object.fromEntries(qualities.map((quality) => [quality, 0])) as Record<
    Quality,
    number
  >
  let readings = 0
  const rows = db.prepare('SELECT quality, readings AS n FROM totals').all() as {
    quality: number
    n: number
  }[]
  for (const { quality, n } of rows) {
    byQuality[qualities[quality]!] = n
    readings += n
  }
  const { series } = db.prepare('SELECT count(*) AS series FROM series').get() as { series: number }
  const pages = db.pragma('page_count', { simple: true }) as number
  const pageBytes = db.pragma('page_size', { simple: true }) as number
  return { series, readings, bytes: pages * pageBytes, byQuality }
}
