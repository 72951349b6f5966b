import { channelType, type Reading } from '../../../domain/index.ts'
import { compareRank } from '../series-rows.ts'
import type { SeriesSelector, SeriesStore } from '../series-store.ts'
import { fetchChannels, hourOf, markKey } from './hour-cells.ts'
import type { InfluxConnection } from './influx-connection.ts'
import { decodeMeta, fieldOf, lastMoment, measurement, metaField } from './point-layout.ts'
import {
  compareReadings,
  compareText,
  fetchMarks,
  fetchRowsOfMany,
  momentOf,
  parametersOf,
  quoted,
  resolveReadings,
  sameCountWithinMs,
  seriesKey,
  tagsOfReading,
  whereSql,
} from './rows.ts'
import { tagsOf } from './hour-cells.ts'
import { newsOfOneWrite, readNews } from './news.ts'
import type { NewestPoint } from './write-batch.ts'

const seriesAtOnce = 200
const everything = { from: 0, to: lastMoment }

/** The newest reading of each series: of those received since a moment from the news of the writers, else from the end of each series. */
export async function fetchLatest(
  connection: InfluxConnection,
  bucket: string,
  query: Parameters<SeriesStore['latest']>[0],
): Promise<readonly Reading[]> {
  const { receivedSince, limit } = query
  if (receivedSince === undefined) {
    const latest = [...(await fetchEnds(connection, bucket, query)).values()]
    return latest.sort(compareSeries).slice(0, limit)
  }
  const isInNews = limit !== undefined && limit <= newsOfOneWrite
  const found = isInNews
    ? await fetchNews(connection, bucket, receivedSince)
    : [...(await fetchEnds(connection, bucket, query)).values()]
  return found
    .filter((reading) => reading.receivedAt >= receivedSince && fits(reading, query))
    .sort((a, b) => b.receivedAt - a.receivedAt || compareSeries(a, b))
    .slice(0, limit)
}

function compareSeries(a: Reading, b: Reading): number {
  return (
    compareText(a.site, b.site) ||
    compareText(a.device, b.device) ||
    compareText(a.channel, b.channel) ||
    compareText(a.gtin ?? '', b.gtin ?? '')
  )
}

function fits(reading: Reading, { site, device, channel, gtin }: SeriesSelector): boolean {
  return (
    (site === undefined || reading.site === site) &&
    (device === undefined || reading.device === device) &&
    (channel === undefined || reading.channel === channel) &&
    (gtin === undefined || (reading.gtin ?? '') === gtin)
  )
}

function keepNewest(newest: Map<string, Reading>, reading: Reading): void {
  const key = seriesKey(reading)
  const known = newest.get(key)
  if (!known || (reading.at - known.at || compareRank(reading, known)) > 0) newest.set(key, reading)
}

async function fetchNews(
  connection: InfluxConnection,
  bucket: string,
  since: number,
): Promise<readonly Reading[]> {
  const [found = []] = await connection.query(bucket, [
    `SELECT *::field FROM news WHERE time >= ${momentOf(since)}ms`,
  ])
  const newest = new Map<string, Reading>()
  for (const { values } of found) {
    for (const [, ...parts] of values) {
      for (const part of parts) {
        if (typeof part !== 'string') continue
        for (const reading of readNews(part)) keepNewest(newest, reading)
      }
    }
  }
  return [...newest.values()]
}

async function fetchEnds(
  connection: InfluxConnection,
  bucket: string,
  query: SeriesSelector,
): Promise<ReadonlyMap<string, Reading>> {
  const channels =
    query.channel === undefined ? await fetchChannels(connection, bucket) : [query.channel]
  const ends = await connection.query(
    bucket,
    channels.map(
      (channel) =>
        `SELECT last(${quoted(fieldOf(channel))}), ${metaField} FROM ${measurement} ${whereSql(query, everything)} GROUP BY ${tagsOfReading}`,
    ),
    parametersOf(query),
  )
  const newest = new Map<string, Reading>()
  for (const [i, found] of ends.entries()) {
    const channel = channels[i]!
    for (const series of found) {
      const [at, value, text] = series.values[0] as [number, number, string]
      const meta = decodeMeta(text)
      const rest = { seq: meta.seq, boot: meta.boot, receivedAt: at + meta.delay }
      const index = meta.indexOf(channel)
      keepNewest(newest, { ...tagsOf(series), channel, at, value, ...rest, index })
    }
  }
  await settleMarked(connection, bucket, query, newest)
  return newest
}

/** The newest point of each device and product, whatever it says. */
export async function fetchNewestPoints(
  connection: InfluxConnection,
  bucket: string,
): Promise<readonly NewestPoint[]> {
  const [found = []] = await connection.query(bucket, [
    `SELECT last(${metaField}) FROM ${measurement} GROUP BY ${tagsOfReading}`,
  ])
  return found.map((series) => {
    const [at, text] = series.values[0] as [number, string]
    const { seq, boot } = decodeMeta(text)
    const { site, device, gtin } = tagsOf(series)
    return { site, device, gtin, at, boot, seq }
  })
}

/** Where readings may meet, the newest is found among all of its moment; a count that came twice was there earlier. */
async function settleMarked(
  connection: InfluxConnection,
  bucket: string,
  query: SeriesSelector,
  newest: Map<string, Reading>,
): Promise<void> {
  if (newest.size === 0) return
  const times = [...newest.values()].map(({ at }) => at)
  const span = { from: times.reduce((a, b) => Math.min(a, b)), to: lastMoment }
  const marks = new Set(
    (await fetchMarks(connection, bucket, { ...query, ...span })).map(({ site, device, hour }) =>
      markKey(site, device, hour),
    ),
  )
  const doubtful = [...newest.values()].filter(({ site, device, at }) =>
    marks.has(markKey(site, device, hourOf(at))),
  )
  for (let i = 0; i < doubtful.length; i += seriesAtOnce) {
    const found = await fetchRowsOfMany(
      connection,
      bucket,
      doubtful.slice(i, i + seriesAtOnce).map(({ site, device, channel, gtin, at }) => ({
        ...{ site, device, channel, gtin: gtin ?? '', to: at + 1 },
        from: Math.max(0, at - (channelType(channel) === 'count' ? sameCountWithinMs : 0)),
      })),
    )
    for (const readings of found) {
      const last = resolveReadings(readings).sort(compareReadings).at(-1)
      if (last) newest.set(seriesKey(last), last)
    }
  }
}
