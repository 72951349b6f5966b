import type Database from 'better-sqlite3'
import { channelType, type Position, type Quality } from '../../domain/index.ts'
import type { BlockCodec } from './block-codec.ts'
import type { Boots } from './boots.ts'
import { createChunkTable } from './chunk-table.ts'
import { readTotals } from './merge-series.ts'
import type { Pending } from './pending.ts'
import { createRollupTable } from './rollup-table.ts'
import type { SegmentFeed } from './segments.ts'
import { hourlyReader } from './series-hourly.ts'
import { latestReader } from './series-latest.ts'
import { readRange, type NamedSeries } from './series-range.ts'
import { qualities, selectorSql, type SeriesName } from './series-rows.ts'
import type { SeriesSelector, SeriesStore } from './series-store.ts'
import { createSeriesView } from './series-view.ts'

interface NameRow extends SeriesName {
  readonly pruned_before: number
}

/** What a series database answers: each answer is of one moment, of what was merged and what waits. */
export function createSeriesReader(deps: {
  readonly db: Database.Database
  readonly codec: BlockCodec
  readonly boots: Boots
  readonly pending: Pending
  readonly feed: SegmentFeed
}): Omit<SeriesStore, 'write' | 'prune' | 'close'> {
  const { db, pending, boots, feed } = deps
  const chunks = createChunkTable(db, deps.codec)
  const view = createSeriesView({ db, chunks, pending, boots })
  const rollups = createRollupTable(db, view)
  const latest = latestReader({ db, view, pending, boots })
  const hourly = hourlyReader(db, view, rollups)

  function find(selector: SeriesSelector): NamedSeries[] {
    const { where, parameters } = selectorSql(selector)
    const rows = db
      .prepare(
        `SELECT id, site, device, channel, gtin, pruned_before FROM series ${where} ORDER BY site, device, channel, gtin`,
      )
      .all(...parameters) as NameRow[]
    return rows.map((name) => ({
      id: name.id,
      isCount: channelType(name.channel) === 'count',
      prunedBefore: name.pruned_before,
      name,
    }))
  }

  function readStats(): Awaited<ReturnType<SeriesStore['stats']>> {
    const totals = readTotals(db, qualities.length)
    for (const series of find({})) {
      const patch = pending.has(series.id) ? view.patchOf(series) : null
      if (!patch) continue
      for (const { quality } of patch.removed) totals[quality]!--
      for (let i = 0; i < patch.added.length; i++) totals[patch.added.quality[i]!]!++
    }
    const { series } = db.prepare('SELECT count(*) AS series FROM series').get() as {
      series: number
    }
    const pages = db.pragma('page_count', { simple: true }) as number
    const pageBytes = db.pragma('page_size', { simple: true }) as number
    return {
      series,
      readings: totals.reduce((a, b) => a + b),
      bytes: pages * pageBytes,
      byQuality: Object.fromEntries(qualities.map((quality, i) => [quality, totals[i]!])) as Record<
        Quality,
        number
      >,
    }
  }

  /** One transaction, so that segments, chunks and what is merged of them are of one moment. */
  function look<T>(run: () => T): Promise<T> {
    // An async function turns what it throws into a rejection.
    const once = async (): Promise<T> =>
      Promise.resolve(
        db.transaction(() => {
          feed.refresh()
          chunks.forgetDays()
          return run()
        })(),
      )
    return once()
  }

  return {
    applied: (group) => look(() => readApplied(db, group)),
    range: (query) => look(() => readRange({ chunks, view, boots }, find(query), query)),
    latest: (query) => look(() => latest(query)),
    hourly: (query) => look(() => hourly(find(query), query)),
    watermarks: () => look(() => readWatermarks(db)),
    stats: () => look(readStats),
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
