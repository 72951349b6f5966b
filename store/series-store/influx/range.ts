import { LarderError, type Reading } from '../../../domain/index.ts'
import type { SeriesStore } from '../series-store.ts'
import type { InfluxConnection } from './influx-connection.ts'
import { measurement, metaField } from './point-layout.ts'
import { compareReadings, fetchReadings, momentOf, parametersOf, whereSql } from './rows.ts'

/** A first step of a query over many devices, in ms; it grows while little is found. */
const firstStepMs = 10 * 60_000

/** A page of readings by time, fetched in steps: each takes a bounded number of points of each series. */
export async function fetchPage(
  connection: InfluxConnection,
  bucket: string,
  query: Parameters<SeriesStore['range']>[0],
): Promise<Awaited<ReturnType<SeriesStore['range']>>> {
  const after = query.after === undefined ? null : decodeCursor(query.after)
  const to = momentOf(query.to)
  const from = momentOf(Math.max(query.from, after?.at ?? 0))
  const wanted = query.limit + 1
  const isOfOneDevice = query.device !== undefined && query.site !== undefined
  let limit = isOfOneDevice ? wanted + 1 : Math.max(64, Math.ceil(wanted / 8))
  let stepMs = isOfOneDevice ? to - from : firstStepMs
  const found: Reading[] = []
  let begin = await findFirst(connection, bucket, { ...query, from, to })
  while (begin !== null && begin < to && found.length < wanted) {
    const end = Math.min(to, begin + stepMs)
    const { readings, through } = await fetchReadings(connection, bucket, {
      ...{ ...query, from: begin, to: end, limit },
    })
    for (const reading of readings)
      if (!after || compareReadings(reading, after) > 0) found.push(reading)
    if (through <= begin) limit *= 4
    if (through >= end) {
      stepMs *= 4
      begin = end < to ? await findFirst(connection, bucket, { ...query, from: end, to }) : to
    } else begin = through
  }
  const page = found.slice(0, query.limit)
  const last = page.at(-1)
  return { readings: page, next: found.length > query.limit && last ? encodeCursor(last) : null }
}

async function findFirst(
  connection: InfluxConnection,
  bucket: string,
  query: Parameters<SeriesStore['range']>[0],
): Promise<number | null> {
  if (query.from >= query.to) return null
  const [found = []] = await connection.query(
    bucket,
    [`SELECT first(${metaField}) FROM ${measurement} ${whereSql(query, query)}`],
    parametersOf(query),
  )
  return (found[0]?.values[0]?.[0] as number | undefined) ?? null
}

function encodeCursor({
  site,
  device,
  channel,
  gtin,
  at,
  boot,
  seq,
  index,
  value,
}: Reading): string {
  const parts = [site, device, channel, gtin, at, boot, seq, index, value]
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

function decodeCursor(cursor: string): Reading {
  try {
    const parts = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as readonly (
      string | number | null
    )[]
    const [site, device, channel, gtin, at, boot, seq, index, value] = parts
    if (parts.length === 9 && typeof at === 'number') {
      return {
        ...{ site: String(site), device: String(device), channel: String(channel), at },
        ...{ gtin: gtin === null ? null : String(gtin), boot: String(boot), seq: Number(seq) },
        ...{ index: Number(index), value: Number(value), receivedAt: 0, quality: 'good' },
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
