import { dayMs, hourMs, type Quality } from '../../../domain/index.ts'
import type { HourlySeries, SeriesStore } from '../series-store.ts'
import {
  fetchExactCells,
  fetchLiveCells,
  hourOf,
  markKey,
  tagsOf,
  type CellQuery,
  type HourCell,
} from './hour-cells.ts'
import type { InfluxConnection } from './influx-connection.ts'
import { escapeTag, qualityTag } from './point-layout.ts'
import { compareText, fetchMarks, parametersOf, whereSql, type Mark } from './rows.ts'
import { rollUpAfterMs } from './write-batch.ts'

const hoursAtOnce = 24
/** Written again with the next ones: an acknowledgement of the server is not yet a disk. */
const hoursAgain = 1

export interface RollUps {
  /** Every hour of the query with its readings, one cell for each series and quality. */
  cells(query: CellQuery): Promise<readonly HourCell[]>
  /** Adds up the hours that are complete, and again those that late readings have changed. `through`: at least the hours before it. */
  rollUp(through: number): Promise<void>
  /** By `site/device`: readings before this moment are dropped. */
  pruned(): Promise<ReadonlyMap<string, number>>
  /** Drops the hours of the days before. */
  prune(before: number): Promise<void>
}

/**
 * Hours as points of a bucket of their own, kept for years: measurement `hour`, tags site, device, gtin, channel and quality.
 * Hours before `rolled` are read from there; later ones, and those whose mark is not done, from the readings.
 */
export function createRollUps(deps: {
  readonly connection: InfluxConnection
  readonly bucket: string
  readonly hoursBucket: string
  readonly write: (bucket: string, lines: readonly string[]) => Promise<void>
  /** City clock. */
  readonly now: () => number
}): RollUps & { start(): Promise<void> } {
  const { connection, bucket, hoursBucket, write } = deps

  async function readRolled(): Promise<number | null> {
    const [found = []] = await connection.query(hoursBucket, ['SELECT last(through) FROM rolled'])
    return (found[0]?.values[0]?.[1] as number | undefined) ?? null
  }

  async function pruned(): Promise<ReadonlyMap<string, number>> {
    const [found = []] = await connection.query(hoursBucket, [
      'SELECT last("before") FROM pruned GROUP BY site, device',
    ])
    return new Map(
      found.map(({ tags, values }) => [
        `${tags?.site ?? ''}/${tags?.device ?? ''}`,
        values[0]![1] as number,
      ]),
    )
  }

  async function fetchRolled(query: CellQuery): Promise<readonly HourCell[]> {
    const channel = query.channel === undefined ? '' : ' AND channel = $channel'
    const [found = []] = await connection.query(
      hoursBucket,
      [
        `SELECT "count", "sum", "min", "max", "last", "offset" FROM "hour" ${whereSql(query, query)}${channel} GROUP BY site, device, gtin, channel, quality`,
      ],
      {
        ...parametersOf(query),
        ...(query.channel === undefined ? {} : { channel: query.channel }),
      },
    )
    return found.flatMap((series) => {
      const tags = { ...tagsOf(series), channel: series.tags?.channel ?? '' }
      return (series.values as [number, number, number, number, number, number, number][]).flatMap(
        ([hour, count, sum, min, max, last, offset]) =>
          count > 0 ? [{ ...tags, hour, count, sum, min, max, last, lastAt: hour + offset }] : [],
      )
    })
  }

  /** Live hours, marked ones exactly. */
  async function readLive(query: CellQuery, marks: readonly Mark[]): Promise<readonly HourCell[]> {
    const marked = new Set(marks.map(({ site, device, hour }) => markKey(site, device, hour)))
    const live = await fetchLiveCells(connection, bucket, query)
    const exact = await fetchExactCells(connection, bucket, query, marks)
    return [...live.filter((cell) => !marked.has(keyOf(cell))), ...exact]
  }

  async function cells(query: CellQuery): Promise<readonly HourCell[]> {
    const rolled = Math.min(Math.max(query.from, (await readRolled()) ?? 0), query.to)
    const marks = await fetchMarks(connection, bucket, query)
    const dirty = marks.filter(({ hour, isDone }) => hour < rolled && !isDone)
    const marked = new Set(dirty.map(({ site, device, hour }) => markKey(site, device, hour)))
    const before = { ...query, to: rolled }
    const kept = query.from < rolled ? await fetchRolled(before) : []
    const exact = await fetchExactCells(connection, bucket, query, dirty)
    const live = await readLive(
      { ...query, from: rolled },
      marks.filter(({ hour }) => hour >= rolled),
    )
    return [...kept.filter((cell) => !marked.has(keyOf(cell))), ...exact, ...live]
  }

  async function rollHours(from: number, to: number): Promise<void> {
    const span = { from, to }
    const marks = await fetchMarks(connection, bucket, span)
    await write(hoursBucket, (await readLive(span, marks)).map(lineOf))
    await finishMarks(marks)
  }

  /** A device's hours before those that are dropped stay as they are. */
  async function rollMarked(marks: readonly Mark[]): Promise<void> {
    if (marks.length === 0) return
    const exact = await fetchExactCells(connection, bucket, {}, marks)
    const there = new Set(exact.map(seriesHour))
    const hours = marks.map(({ hour }) => hour)
    const span = { from: Math.min(...hours), to: Math.max(...hours) + hourMs }
    const marked = new Set(marks.map(({ site, device, hour }) => markKey(site, device, hour)))
    const gone = (await fetchRolled(span)).filter(
      (cell) => marked.has(keyOf(cell)) && !there.has(seriesHour(cell)),
    )
    await write(hoursBucket, [
      ...exact.map(lineOf),
      ...gone.map((cell) => lineOf({ ...cell, count: 0 })),
    ])
    await finishMarks(marks)
  }

  /** A mark made again in the meantime has another nonce, and stays to be done. */
  async function finishMarks(marks: readonly Mark[]): Promise<void> {
    await write(
      bucket,
      marks.map(
        ({ site, device, hour, nonce }) =>
          `mark,site=${escapeTag(site)},device=${escapeTag(device)} done="${nonce}" ${hour}000000`,
      ),
    )
  }

  return {
    cells,
    pruned,
    prune,
    async start() {
      if ((await readRolled()) === null) await saveRolled(hourOf(deps.now()))
    },
    async rollUp(through) {
      const rolled = (await readRolled()) ?? 0
      const to = hourOf(Math.max(deps.now() - rollUpAfterMs, through))
      const dropped = await pruned()
      const dirty = await fetchMarks(connection, bucket, { from: 0, to: rolled })
      await rollMarked(
        dirty.filter(
          ({ site, device, hour, isDone }) =>
            !isDone && hour >= (dropped.get(`${site}/${device}`) ?? 0),
        ),
      )
      if (to <= rolled) return
      for (let from = rolled - hoursAgain * hourMs; from < to; from += hoursAtOnce * hourMs)
        await rollHours(from, Math.min(to, from + hoursAtOnce * hourMs))
      await saveRolled(to)
    },
  }

  async function prune(olderThan: number): Promise<void> {
    const before = Math.floor(olderThan / dayMs) * dayMs
    if (before <= 0) return
    const [found = []] = await connection.query(hoursBucket, [
      `SELECT first("count") FROM "hour" WHERE time >= 0 AND time < ${before}ms`,
    ])
    if (found.length > 0) await connection.remove(hoursBucket, 'hour', 0, before)
  }

  async function saveRolled(through: number): Promise<void> {
    await write(hoursBucket, [`rolled through=${through}i 0`])
  }
}

function keyOf({ site, device, hour }: HourCell): string {
  return markKey(site, device, hour)
}

function seriesHour({ site, device, channel, gtin, quality, hour }: HourCell): string {
  return `${site}/${device}/${channel}/${gtin ?? ''}/${quality}/${hour}`
}

function lineOf(cell: HourCell): string {
  const { site, device, channel, gtin, quality, hour } = cell
  const product = gtin === null ? '' : `,gtin=${escapeTag(gtin)}`
  const tags = `site=${escapeTag(site)},device=${escapeTag(device)},channel=${channel}${product}${qualityTag(quality)}`
  const { count, sum, min, max, last, lastAt } = cell
  return `hour,${tags} count=${count}i,sum=${sum},min=${min},max=${max},last=${last},offset=${lastAt - hour}i ${hour}000000`
}

const outsideHours: Quality = 'unregistered'

/** Cells as the port gives hours. */
export function toHourly(
  query: Parameters<SeriesStore['hourly']>[0],
  cells: readonly HourCell[],
): readonly HourlySeries[] {
  const hours = (query.to - query.from) / hourMs
  const groups = new Map<string, HourGroup>()
  for (const cell of cells) {
    if (cell.quality === outsideHours) continue
    const device = query.by === 'device' ? cell.device : null
    const key = `${cell.site}/${device ?? ''}/${cell.channel}/${cell.gtin ?? ''}`
    let group = groups.get(key)
    if (!group) groups.set(key, (group = emptyGroup(cell, device, query.from, hours)))
    addCell(group, cell, (cell.hour - query.from) / hourMs)
  }
  return [...groups].sort(([a], [b]) => compareText(a, b)).map(([, { series }]) => series)
}

interface HourGroup {
  readonly series: HourlySeries
  /** Moment of each hour's `last`, to choose among devices. */
  readonly lastAt: Float64Array
}

function emptyGroup(
  { site, channel, gtin }: HourCell,
  device: string | null,
  from: number,
  hours: number,
): HourGroup {
  const values = new Float64Array(hours * 4).fill(NaN)
  const part = (index: number) => values.subarray(index * hours, (index + 1) * hours)
  const numbers = { sum: part(0), min: part(1), max: part(2), last: part(3) }
  const series = { site, device, channel, gtin, from, ...numbers, count: new Uint32Array(hours) }
  return { series, lastAt: new Float64Array(hours) }
}

function addCell({ series, lastAt }: HourGroup, cell: HourCell, i: number): void {
  const { sum, min, max, last, count } = series
  const isFirst = count[i] === 0
  sum[i] = isFirst ? cell.sum : sum[i]! + cell.sum
  min[i] = isFirst ? cell.min : Math.min(min[i]!, cell.min)
  max[i] = isFirst ? cell.max : Math.max(max[i]!, cell.max)
  count[i]! += cell.count
  if (!isFirst && cell.lastAt <= lastAt[i]!) return
  lastAt[i] = cell.lastAt
  last[i] = cell.last
}
