import { channelType, hourMs, type Quality, type Reading } from '../../../domain/index.ts'
import { compareDoubt, compareRank, qualityNumber } from '../series-rows.ts'
import type { SeriesSelector } from '../series-store.ts'
import type { InfluxConnection, InfluxSeries } from './influx-connection.ts'
import {
  channelOf,
  decodeMeta,
  fieldOf,
  lastMoment,
  measurement,
  metaField,
} from './point-layout.ts'

export interface Span {
  readonly from: number
  readonly to: number
}

/** A moment of a query, within what InfluxDB can say. */
export function momentOf(at: number): number {
  return Math.min(Math.max(0, Math.ceil(at)), lastMoment)
}

/** Conditions on tags and time; the selector's names go as parameters. */
export function whereSql({ site, device, gtin }: SeriesSelector, { from, to }: Span): string {
  const conditions = [`time >= ${momentOf(from)}ms`, `time < ${momentOf(to)}ms`]
  if (site !== undefined) conditions.push('site = $site')
  if (device !== undefined) conditions.push('device = $device')
  if (gtin !== undefined) conditions.push('gtin = $gtin')
  return `WHERE ${conditions.join(' AND ')}`
}

export function parametersOf({ site, device, gtin }: SeriesSelector): Record<string, string> {
  return {
    ...(site === undefined ? {} : { site }),
    ...(device === undefined ? {} : { device }),
    ...(gtin === undefined ? {} : { gtin }),
  }
}

/** An InfluxQL identifier. */
export function quoted(name: string): string {
  return `"${name.replace(/["\\]/g, '\\$&')}"`
}

export const tagsOfReading = 'site, device, gtin, quality'

export interface FoundRows {
  readonly readings: readonly Reading[]
  /** All readings before this moment are there. */
  readonly through: number
}

/** Readings as points hold them, also those that others outrank; at most `limit` points of each (site, device, gtin, quality). */
export async function fetchRows(
  connection: InfluxConnection,
  bucket: string,
  query: SeriesSelector & Span & { readonly limit?: number | undefined },
): Promise<FoundRows> {
  const { channel, limit } = query
  const fields =
    channel === undefined ? '*::field' : `${quoted(fieldOf(channel))}, ${quoted(metaField)}`
  const most = limit === undefined ? '' : ` LIMIT ${limit}`
  const [found = []] = await connection.query(
    bucket,
    [
      `SELECT ${fields} FROM ${measurement} ${whereSql(query, query)} GROUP BY ${tagsOfReading}${most}`,
    ],
    parametersOf(query),
  )
  let through = query.to
  const readings: Reading[] = []
  for (const series of found) {
    if (limit !== undefined && series.values.length >= limit)
      through = Math.min(through, series.values.at(-1)![0] as number)
    readRows(series, readings)
  }
  return { readings: readings.filter(({ at }) => at < through), through }
}

/** Rows of spans of single series, in one request. */
export async function fetchRowsOfMany(
  connection: InfluxConnection,
  bucket: string,
  spans: readonly (Required<SeriesSelector> & Span & { readonly channel: string })[],
): Promise<readonly (readonly Reading[])[]> {
  const parameters: Record<string, string> = {}
  const statements = spans.map((span, i) => {
    const tags = (['site', 'device', 'gtin'] as const).map((tag) => {
      parameters[`${tag}${i}`] = span[tag] ?? ''
      return `${tag} = $${tag}${i}`
    })
    const fields = `${quoted(fieldOf(span.channel))}, ${quoted(metaField)}`
    return `SELECT ${fields} FROM ${measurement} ${whereSql({}, span)} AND ${tags.join(' AND ')} GROUP BY ${tagsOfReading}`
  })
  const found = await connection.query(bucket, statements, parameters)
  return found.map((series) => {
    const readings: Reading[] = []
    for (const one of series) readRows(one, readings)
    return readings
  })
}

function readRows({ tags = {}, columns, values }: InfluxSeries, into: Reading[]): void {
  const metaColumn = columns.indexOf(metaField)
  const channels = columns.map(channelOf)
  const { site = '', device = '' } = tags
  const gtin = tags.gtin === '' ? null : (tags.gtin ?? null)
  const quality = (tags.quality === '' ? 'good' : (tags.quality ?? 'good')) as Quality
  for (const row of values) {
    const text = row[metaColumn]
    if (typeof text !== 'string') continue
    const at = row[0] as number
    const meta = decodeMeta(text)
    for (let i = 1; i < row.length; i++) {
      const value = row[i]
      if (i === metaColumn || typeof value !== 'number') continue
      const channel = channels[i]!
      into.push({
        ...{ site, device, channel, gtin, at, receivedAt: at + meta.delay, value },
        ...{ seq: meta.seq, boot: meta.boot, index: meta.indexOf(channel), quality },
      })
    }
  }
}

export function seriesKey({ site, device, channel, gtin }: Reading): string {
  return `${site}/${device}/${channel}/${gtin ?? ''}`
}

/** Of readings with one identity the one that stays: of a level's moment the larger, of a count the first. */
export function resolveReadings(readings: readonly Reading[]): Reading[] {
  const stays = new Map<string, Reading>()
  for (const reading of readings) {
    const isCount = channelType(reading.channel) === 'count'
    const { at, boot, seq, index, value } = reading
    const key = isCount
      ? `${seriesKey(reading)}#${seq}#${index}#${value}#${boot}`
      : `${seriesKey(reading)}@${at}`
    const there = stays.get(key)
    if (!there || (isCount ? isFirst(reading, there) : replaces(reading, there)))
      stays.set(key, reading)
  }
  return [...stays.values()]
}

function isFirst(reading: Reading, there: Reading): boolean {
  const [quality, other] = [qualityNumber(reading.quality), qualityNumber(there.quality)]
  const order = compareDoubt(quality, other) || reading.at - there.at
  return (order || reading.receivedAt - there.receivedAt || quality - other) < 0
}

function replaces(reading: Reading, there: Reading): boolean {
  const [quality, other] = [qualityNumber(reading.quality), qualityNumber(there.quality)]
  const order = compareRank(reading, there) || compareDoubt(other, quality)
  return (order || there.receivedAt - reading.receivedAt || other - quality) > 0
}

/** By time, then series, then place within the moment. */
export function compareReadings(a: Reading, b: Reading): number {
  return (
    a.at - b.at ||
    compareText(a.site, b.site) ||
    compareText(a.device, b.device) ||
    compareText(a.channel, b.channel) ||
    compareText(a.gtin ?? '', b.gtin ?? '') ||
    compareRank(a, b)
  )
}

export function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}

/** An hour of a device in which readings may meet, or that changed when it may have been rolled up. */
export interface Mark {
  readonly site: string
  readonly device: string
  readonly hour: number
  readonly nonce: string
  /** Its roll-up has all that was marked. */
  readonly isDone: boolean
}

export async function fetchMarks(
  connection: InfluxConnection,
  bucket: string,
  query: SeriesSelector & Span,
): Promise<readonly Mark[]> {
  const { site, device } = query
  const hours = { from: Math.floor(query.from / hourMs) * hourMs, to: query.to }
  const [found = []] = await connection.query(
    bucket,
    [`SELECT nonce, done FROM mark ${whereSql({ site, device }, hours)} GROUP BY site, device`],
    parametersOf({ site, device }),
  )
  return found.flatMap(({ tags, columns, values }) => {
    const [nonce, done] = [columns.indexOf('nonce'), columns.indexOf('done')]
    return values.map((row) => ({
      ...{ site: tags?.site ?? '', device: tags?.device ?? '', hour: row[0] as number },
      ...{ nonce: String(row[nonce]), isDone: row[nonce] === row[done] },
    }))
  })
}

/** How long after it a count sent again with another time is still told to be the same. */
export const sameCountWithinMs = hourMs

/** Readings as the port promises them, by time. */
export async function fetchReadings(
  connection: InfluxConnection,
  bucket: string,
  query: SeriesSelector & Span & { readonly limit?: number | undefined },
): Promise<FoundRows> {
  const rows = await fetchRows(connection, bucket, query)
  const earlier = rows.readings.some(({ channel }) => channelType(channel) === 'count')
    ? await fetchEarlierCounts(connection, bucket, query)
    : []
  return {
    readings: resolveReadings([...earlier, ...rows.readings])
      .filter(({ at }) => at >= query.from)
      .sort(compareReadings),
    through: rows.through,
  }
}

/** Counts before the span that may come again in it; only a marked hour holds any. */
async function fetchEarlierCounts(
  connection: InfluxConnection,
  bucket: string,
  query: SeriesSelector & Span,
): Promise<readonly Reading[]> {
  const marks = await fetchMarks(connection, bucket, query)
  if (marks.length === 0) return []
  const span = { from: query.from - sameCountWithinMs, to: query.from }
  const { readings } = await fetchRows(connection, bucket, { ...query, ...span, limit: undefined })
  return readings.filter(({ channel }) => channelType(channel) === 'count')
}
