import type Database from 'better-sqlite3'
import { channelType, type Reading } from '../../domain/index.ts'
import type { Boots } from './boots.ts'
import { rowAt, type Row } from './columns.ts'
import type { Pending } from './pending.ts'
import { selectorSql, toReading, type SeriesName } from './series-rows.ts'
import type { SeriesStore } from './series-store.ts'
import type { SeriesView } from './series-view.ts'

interface LatestRow extends SeriesName {
  readonly pruned_before: number
  readonly at: number | null
  readonly value: number
  readonly boot: number
  readonly seq: number
  readonly index: number
  readonly received_at: number
  readonly quality: number
}

/** The newest reading of each series: the one merged, unless those that wait say another. */
export function latestReader(deps: {
  readonly db: Database.Database
  readonly view: SeriesView
  readonly pending: Pending
  readonly boots: Boots
}): (query: Parameters<SeriesStore['latest']>[0]) => readonly Reading[] {
  const { db, view, pending, boots } = deps
  const columns =
    'series.id, site, device, channel, gtin, pruned_before, at, value, boot, seq, idx AS "index", received_at, quality'
  const byId = db.prepare(
    `SELECT ${columns} FROM series LEFT JOIN latest ON latest.series = series.id WHERE series.id = ?`,
  )

  function newestOf(row: LatestRow): Row | null {
    const { columns } = pending
    const place = pending.newestOf(row.id)
    if (place !== null && columns.at[place]! >= row.pruned_before)
      return rowAt(columns, place, boots.textOf)
    const merged =
      row.at === null
        ? null
        : { ...row, at: row.at, bootId: row.boot, boot: boots.textOf(row.boot) }
    if (!pending.has(row.id)) return merged
    const series = {
      id: row.id,
      isCount: channelType(row.channel) === 'count',
      prunedBefore: row.pruned_before,
    }
    const patch = view.patchOf(series)
    return patch ? view.newestOf(series, merged, patch) : merged
  }

  return (query) => {
    const { where, parameters } = selectorSql(query)
    const limit = query.limit ?? Infinity
    const since = query.receivedSince
    const found: Reading[] = []
    if (since === undefined) {
      const rows = db
        .prepare(
          `SELECT ${columns} FROM series LEFT JOIN latest ON latest.series = series.id ${where} ORDER BY site, device, channel, gtin`,
        )
        .iterate(...parameters) as Iterable<LatestRow>
      for (const row of rows) {
        if (found.length >= limit) break
        const newest = newestOf(row)
        if (newest) found.push(toReading(row, newest))
      }
      return found
    }
    const waiting: { readonly id: number; readonly row: LatestRow; readonly newest: Row }[] = []
    const isAsked = (row: LatestRow): boolean =>
      (['site', 'device', 'channel', 'gtin'] as const).every(
        (name) => query[name] === undefined || query[name] === row[name],
      )
    for (let id = 0; id < pending.seriesEnd(); id++) {
      if (!pending.has(id)) continue
      const place = pending.newestOf(id)
      if (place !== null && pending.columns.receivedAt[place]! < since) continue
      const row = byId.get(id) as LatestRow
      const newest = isAsked(row) ? newestOf(row) : null
      if (newest && newest.received_at >= since) waiting.push({ id, row, newest })
    }
    const condition = `${where === '' ? 'WHERE' : `${where} AND`} received_at >= ?`
    const merged = db
      .prepare(
        `SELECT ${columns} FROM latest JOIN series ON latest.series = series.id ${condition}`,
      )
      .all(...parameters, since) as LatestRow[]
    for (const row of merged) {
      if (pending.has(row.id)) continue
      const newest = newestOf(row)
      if (newest) waiting.push({ id: row.id, row, newest })
    }
    waiting.sort((a, b) => b.newest.received_at - a.newest.received_at || a.id - b.id)
    return waiting.slice(0, query.limit).map(({ row, newest }) => toReading(row, newest))
  }
}
