import {
  errorMessage,
  hourMs,
  LarderError,
  type Clock,
  type Quality,
  type Random,
  type Reading,
} from '../../../domain/index.ts'
import type { Logger } from '../../../runtime/index.ts'
import { findProblem } from '../reading-problem.ts'
import { qualities } from '../series-rows.ts'
import type { SeriesStore, WriteOutcome } from '../series-store.ts'
import { hourOf } from './hour-cells.ts'
import { connectInfluxdb } from './influx-connection.ts'
import { fetchLatest, fetchNewestPoints } from './latest.ts'
import { escapeTag, findLayoutProblem, lastMoment, measurement } from './point-layout.ts'
import { fetchPage } from './range.ts'
import { createRollUps, toHourly } from './roll-ups.ts'
import { compressBody, sendLines } from './send-lines.ts'
import { createTrailingCursor, type AppliedPositions } from './trailing-cursor.ts'
import { createBatchMaker } from './write-batch.ts'

export interface InfluxSeriesStoreOptions {
  /** http://host:8086 */
  readonly url: string
  readonly org: string
  /** Readings; their hours are kept in a second bucket, `{bucket}-hours`. Both are made where they are missing. */
  readonly bucket: string
  readonly token: string
  readonly positions: AppliedPositions
  /** City clock: which hours are complete. */
  readonly clock: Clock
  readonly wall: Clock
  readonly random: Random
  readonly logger: Logger
  /** A position counts as applied so long after InfluxDB has acknowledged it. */
  readonly trailMs?: number
  /** Memory for what was written within that time, compressed, to write it again where InfluxDB was started again. */
  readonly keepMegabytes?: number
  readonly timeoutMs?: number
}

const stored: WriteOutcome = { status: 'stored' }
const settleEveryMs = 5_000
const newsKeptMs = hourMs

/**
 * Readings in InfluxDB 2. Any number of processes may write and read: what tells readings apart is in the points themselves, and
 * nothing that one process remembers is needed for a right answer. Its acknowledgement is not yet a disk, so `applied` trails what is written.
 */
export async function createInfluxSeriesStore(
  options: InfluxSeriesStoreOptions,
): Promise<SeriesStore> {
  const { bucket, clock, wall, random, logger } = options
  if (bucket.includes('/'))
    throw new LarderError('RT_SETTINGS_INVALID', 'series.bucket is a name without a slash.')
  const connection = connectInfluxdb({ ...options, timeoutMs: options.timeoutMs ?? 10_000 })
  const trailMs = options.trailMs ?? 60_000
  const hoursBucket = `${bucket}-hours`
  const [bucketId] = await Promise.all(
    [bucket, hoursBucket].map((name) => connection.ensureBucket(name)),
  )
  const cursor = createTrailingCursor({
    positions: options.positions,
    trailMs,
    keepBytes: (options.keepMegabytes ?? 64) * 1024 * 1024,
    now: () => wall.now(),
  })
  const name = (): string => Math.floor(random.next() * 2 ** 48).toString(36)
  const writer = name()
  let nonces = 0
  const maker = createBatchMaker({
    now: () => clock.now(),
    nonce: () => `${writer}.${(nonces++).toString(36)}`,
    writer,
  })
  const stopping = new AbortController()
  let startedAt = await connection.startedAt()
  let isChecked = true
  let pruned: ReadonlyMap<string, number> = new Map()
  let prunedReadAt = -Infinity
  let loadedAt = -Infinity

  async function writeOwn(to: string, lines: readonly string[]): Promise<void> {
    for (let i = 0; i < lines.length; i += linesAtOnce) {
      const body = await compressBody(lines.slice(i, i + linesAtOnce))
      const words = await connection.write(to, body, true)
      if (words !== null)
        throw new LarderError('RT_INTERNAL', `InfluxDB does not take what Larder adds up: ${words}`)
      cursor.add(undefined, [{ bucket: to, body }])
    }
  }

  const rollUps = createRollUps({
    ...{ connection, bucket, hoursBucket, write: writeOwn, now: () => clock.now() },
  })
  await rollUps.start()

  /** A server that was started again may have lost what it acknowledged: it is written again before anything else. */
  async function checkServer(): Promise<void> {
    const now = await connection.startedAt()
    if (now !== startedAt) {
      logger.warn('InfluxDB was started again: writing again what it may have lost')
      await cursor.rewrite(async ({ bucket: to, body }) => {
        const words = await connection.write(to, body, true)
        if (words !== null) logger.error({ words }, 'InfluxDB takes no more what it had taken')
      })
      startedAt = now
    }
    isChecked = true
  }

  async function settle(): Promise<void> {
    if (cursor.isEmpty()) return
    await checkServer()
    await cursor.settle()
  }

  async function settleForEver(): Promise<void> {
    for (;;) {
      await wall.sleepUntil(wall.now() + settleEveryMs, { signal: stopping.signal })
      await settle().catch((error: unknown) => {
        logger.warn(
          { err: error },
          `positions of readings are not kept yet: ${errorMessage(error)}`,
        )
      })
    }
  }
  const settling = settleForEver().catch(() => undefined)

  /** What was written longer ago than positions trail is seen by a look that is younger than half of it. */
  async function loadNewest(): Promise<void> {
    if (wall.now() - loadedAt < trailMs / 2) return
    maker.load(await fetchNewestPoints(connection, bucket))
    loadedAt = wall.now()
  }

  async function readPruned(): Promise<void> {
    if (wall.now() - prunedReadAt < settleEveryMs) return
    pruned = await rollUps.pruned()
    prunedReadAt = wall.now()
  }

  function problemOf(reading: Reading): string | null {
    const problem = findProblem(reading) ?? findLayoutProblem(reading)
    if (problem !== null) return problem
    const before = pruned.get(`${reading.site}/${reading.device}`)
    return before !== undefined && reading.at < before
      ? `It is older than what is kept of its device (${new Date(before).toISOString()}).`
      : null
  }

  return {
    async write(readings, applied) {
      if (applied && !(await cursor.check(applied))) await loadNewest()
      if (!isChecked) await checkServer()
      await readPruned()
      const outcomes: WriteOutcome[] = []
      const fit: Reading[] = []
      const places: number[] = []
      for (const [place, reading] of readings.entries()) {
        const words = problemOf(reading)
        outcomes.push(words === null ? stored : { status: 'rejected', words })
        if (words !== null) continue
        fit.push(reading)
        places.push(place)
      }
      const batch = maker.make(fit, places, applied)
      try {
        if (fit.length > 0) {
          const { bodies, refused } = await sendLines(connection, bucket, batch)
          for (const [place, words] of refused) outcomes[place] = { status: 'rejected', words }
          cursor.add(
            applied,
            bodies.map((body) => ({ bucket, body })),
          )
        } else if (applied) cursor.add(applied, [])
      } catch (error) {
        batch.undo()
        isChecked = false
        throw error
      }
      if (trailMs === 0) await settle()
      return outcomes
    },
    applied: (group) => cursor.applied(group),
    range: (query) => fetchPage(connection, bucket, query),
    latest: (query) => fetchLatest(connection, bucket, query),
    async hourly(query) {
      const { from, to } = query
      if (from % hourMs !== 0 || to % hourMs !== 0 || to < from)
        throw new LarderError(
          'RT_REQUEST_INVALID',
          'Hours are asked from a full hour to a later one.',
        )
      return toHourly(query, await rollUps.cells(query))
    },
    async watermarks() {
      const [found = []] = await connection.query(bucket, [
        'SELECT last("at") FROM watermark GROUP BY site, "partition"',
      ])
      return siteMarks(
        found.map(({ tags, values }) => ({
          ...{ site: tags?.site ?? '', partition: tags?.partition ?? '' },
          at: values[0]![1] as number,
        })),
      )
    },
    async stats() {
      const cells = await rollUps.cells({ from: 0, to: hourOf(lastMoment) })
      const dropped = await rollUps.pruned()
      const byQuality = Object.fromEntries(qualities.map((quality) => [quality, 0])) as Record<
        Quality,
        number
      >
      const series = new Set<string>()
      let readings = 0
      for (const { site, device, channel, gtin, quality, hour, count } of cells) {
        series.add(`${site}/${device}/${channel}/${gtin ?? ''}`)
        if (hour < (dropped.get(`${site}/${device}`) ?? 0)) continue
        byQuality[quality] += count
        readings += count
      }
      const bytes = await connection.bytesOf(bucketId!)
      return { series: series.size, readings, bytes, byQuality }
    },
    async prune(olderThan, rollupsBefore) {
      const before = hourOf(Math.max(0, olderThan))
      await rollUps.rollUp(before)
      if (rollupsBefore !== undefined) await rollUps.prune(rollupsBefore)
      await connection.remove(bucket, 'news', 0, Math.max(1, clock.now() - newsKeptMs))
      const [old = []] = await connection.query(bucket, [
        `SELECT count(*::field) FROM ${measurement} WHERE time >= 0 AND time < ${before}ms GROUP BY site, device`,
      ])
      if (old.length === 0) return { readings: 0 }
      await writeOwn(
        hoursBucket,
        old.map(
          ({ tags }) =>
            `pruned,site=${escapeTag(tags?.site ?? '')},device=${escapeTag(tags?.device ?? '')} before=${before}i 0`,
        ),
      )
      prunedReadAt = -Infinity
      for (const name of [measurement, 'mark']) await connection.remove(bucket, name, 0, before)
      let readings = 0
      for (const { columns, values } of old) {
        for (const [i, column] of columns.entries())
          if (i > 0 && column !== 'count_meta') readings += Number(values[0]?.[i] ?? 0)
      }
      return { readings }
    },
    async close() {
      stopping.abort(new LarderError('RT_STOPPED', 'The series store was closed.'))
      await settling
      await settle().catch(() => undefined)
    },
  }
}

const linesAtOnce = 5_000
/** A partition that has not written for so long while another has is taken to be idle. */
const idleAfterMs = 15 * 60_000

/**
 * Of a site the newest that was written, but not beyond what every partition has come to: a device of the site may be in any of them.
 */
function siteMarks(
  marks: readonly { readonly site: string; readonly partition: string; readonly at: number }[],
): ReadonlyMap<string, number> {
  const partitions = new Map<string, number>()
  for (const { partition, at } of marks)
    partitions.set(partition, Math.max(at, partitions.get(partition) ?? 0))
  const newest = Math.max(...partitions.values())
  const least = Math.min(...[...partitions.values()].filter((at) => at > newest - idleAfterMs))
  const sites = new Map<string, number>()
  for (const { site, at } of marks) sites.set(site, Math.max(at, sites.get(site) ?? 0))
  return new Map([...sites].map(([site, at]) => [site, Math.min(at, least)]))
}
