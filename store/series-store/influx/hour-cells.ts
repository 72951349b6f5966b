import { hourMs, type Quality, type Reading } from '../../../domain/index.ts'
import type { SeriesSelector } from '../series-store.ts'
import type { InfluxConnection, InfluxSeries } from './influx-connection.ts'
import { channelOf, fieldOf, measurement, metaField } from './point-layout.ts'
import {
  fetchReadings,
  parametersOf,
  quoted,
  seriesKey,
  tagsOfReading,
  whereSql,
  type Mark,
  type Span,
} from './rows.ts'

/** One hour of the readings of one series and quality: `lastAt` is the moment of its last. */
export interface HourCell {
  readonly site: string
  readonly device: string
  readonly channel: string
  readonly gtin: string | null
  readonly quality: Quality
  readonly hour: number
  count: number
  sum: number
  min: number
  max: number
  last: number
  lastAt: number
}

export type CellQuery = SeriesSelector & Span

const hoursAtOnce = 24
const runsAtMost = 50

export function hourOf(at: number): number {
  return Math.floor(at / hourMs) * hourMs
}

export function markKey(site: string, device: string, hour: number): string {
  return `${site}/${device}/${hour}`
}

/** Channels that anything was ever written of. */
export async function fetchChannels(
  connection: InfluxConnection,
  bucket: string,
): Promise<readonly string[]> {
  const [found = []] = await connection.query(bucket, [`SHOW FIELD KEYS FROM ${measurement}`])
  return found.flatMap(({ values }) =>
    values.filter(([field]) => field !== metaField).map(([field]) => channelOf(String(field))),
  )
}

/** Hours as the server adds them up, all that lies in them taken as it is. */
export async function fetchLiveCells(
  connection: InfluxConnection,
  bucket: string,
  query: CellQuery,
): Promise<readonly HourCell[]> {
  const channels =
    query.channel === undefined ? await fetchChannels(connection, bucket) : [query.channel]
  const parts: (readonly HourCell[])[] = []
  const filled = await narrow(connection, bucket, query)
  for (let from = filled.from; from < filled.to; from += hoursAtOnce * hourMs) {
    const to = Math.min(filled.to, from + hoursAtOnce * hourMs)
    for (const channel of channels)
      parts.push(await fetchPart(connection, bucket, { ...query, from, to, channel }))
  }
  return parts.flat()
}

/** The hours of a query that hold anything at all. */
async function narrow(
  connection: InfluxConnection,
  bucket: string,
  query: CellQuery,
): Promise<Span> {
  const ends = ['first', 'last'].map(
    (end) => `SELECT ${end}(${metaField}) FROM ${measurement} ${whereSql(query, query)}`,
  )
  const [first, last] = await connection.query(bucket, ends, parametersOf(query))
  const [begin, end] = [first?.[0]?.values[0]?.[0], last?.[0]?.values[0]?.[0]] as number[]
  if (begin === undefined || end === undefined) return { from: query.to, to: query.to }
  return { from: hourOf(begin), to: Math.min(query.to, hourOf(end) + hourMs) }
}

async function fetchPart(
  connection: InfluxConnection,
  bucket: string,
  query: CellQuery & { readonly channel: string },
): Promise<readonly HourCell[]> {
  const field = quoted(fieldOf(query.channel))
  const sums = `SELECT count(${field}), sum(${field}), min(${field}), max(${field}) FROM ${measurement} ${whereSql(query, query)} GROUP BY time(1h), ${tagsOfReading} fill(none)`
  const hours = Array.from({ length: (query.to - query.from) / hourMs }, (_, i) => {
    const from = query.from + i * hourMs
    return { from, to: from + hourMs }
  })
  // Grouped by hours the last one would come without its moment.
  const lasts = hours.map(
    (hour) =>
      `SELECT last(${field}) FROM ${measurement} ${whereSql(query, hour)} GROUP BY ${tagsOfReading}`,
  )
  const [found = [], ...ends] = await connection.query(
    bucket,
    [sums, ...lasts],
    parametersOf(query),
  )
  const cells = new Map<string, HourCell>()
  for (const series of found) {
    const tags = tagsOf(series)
    for (const [hour, count, sum, min, max] of series.values as [
      number,
      number,
      number,
      number,
      number,
    ][]) {
      const cell = {
        ...tags,
        channel: query.channel,
        hour,
        count,
        sum,
        min,
        max,
        last: 0,
        lastAt: 0,
      }
      cells.set(cellKey(tags, hour), cell)
    }
  }
  for (const [i, end] of ends.entries()) {
    for (const series of end) {
      const cell = cells.get(cellKey(tagsOf(series), hours[i]!.from))
      const [lastAt, last] = series.values[0] as [number, number]
      if (cell) Object.assign(cell, { lastAt, last })
    }
  }
  return [...cells.values()].filter(({ count }) => count > 0)
}

type CellTags = Pick<HourCell, 'site' | 'device' | 'gtin' | 'quality'>

export function tagsOf({ tags = {} }: InfluxSeries): CellTags {
  const text = (name: string): string => tags[name] ?? ''
  return {
    site: text('site'),
    device: text('device'),
    gtin: text('gtin') === '' ? null : text('gtin'),
    quality: (text('quality') === '' ? 'good' : text('quality')) as Quality,
  }
}

function cellKey({ site, device, gtin, quality }: CellTags, hour: number): string {
  return `${site}/${device}/${gtin ?? ''}/${quality}/${hour}`
}

/** Marked hours, computed from their readings one by one. */
export async function fetchExactCells(
  connection: InfluxConnection,
  bucket: string,
  query: SeriesSelector,
  marks: readonly Mark[],
): Promise<readonly HourCell[]> {
  if (marks.length === 0) return []
  const runs = runsOf(marks)
  if (runs.length <= runsAtMost) {
    const parts: HourCell[] = []
    for (const run of runs) {
      const { readings } = await fetchReadings(connection, bucket, { ...query, ...run })
      parts.push(...foldReadings(readings))
    }
    return parts
  }
  const wanted = new Set(marks.map(({ site, device, hour }) => markKey(site, device, hour)))
  const parts: HourCell[] = []
  for (const hour of new Set(marks.map((mark) => mark.hour))) {
    const span = { from: hour, to: hour + hourMs }
    const { readings } = await fetchReadings(connection, bucket, { ...query, ...span })
    parts.push(
      ...foldReadings(
        readings.filter(({ site, device, at }) => wanted.has(markKey(site, device, hourOf(at)))),
      ),
    )
  }
  return parts
}

/** Hours of one device that follow each other, as one span. */
function runsOf(
  marks: readonly Mark[],
): readonly (Span & { readonly site: string; readonly device: string })[] {
  const runs = new Map<string, { site: string; device: string; from: number; to: number }[]>()
  for (const { site, device, hour } of [...marks].sort((a, b) => a.hour - b.hour)) {
    const key = `${site}/${device}`
    const ofDevice = runs.get(key) ?? []
    runs.set(key, ofDevice)
    const last = ofDevice.at(-1)
    if (last?.to === hour) last.to = hour + hourMs
    else if (last?.from !== hour) ofDevice.push({ site, device, from: hour, to: hour + hourMs })
  }
  return [...runs.values()].flat()
}

/** Readings in their order, added up. */
function foldReadings(readings: readonly Reading[]): HourCell[] {
  const cells = new Map<string, HourCell>()
  for (const reading of readings) {
    const { site, device, channel, gtin, quality, at, value } = reading
    const hour = hourOf(at)
    const key = `${seriesKey(reading)}/${quality}/${hour}`
    const cell = cells.get(key)
    if (!cell) {
      const first = { count: 1, sum: value, min: value, max: value, last: value, lastAt: at }
      cells.set(key, { site, device, channel, gtin, quality, hour, ...first })
      continue
    }
    cell.count++
    cell.sum += value
    cell.min = Math.min(cell.min, value)
    cell.max = Math.max(cell.max, value)
    cell.last = value
    cell.lastAt = at
  }
  return [...cells.values()]
}
