import type Database from 'better-sqlite3'
import { isOfHourSql } from './series-rows.ts'

/** Every statement of the writer, compiled once. */
export function prepareStatements(db: Database.Database) {
  const columns = 'at, value, boots.boot AS boot, seq, idx, received_at, quality'
  return {
    findSeries: db.prepare(
      'SELECT id, pruned_before FROM series WHERE site = ? AND device = ? AND channel = ? AND gtin = ?',
    ),
    addSeries: db.prepare(
      'INSERT INTO series (site, device, channel, gtin) VALUES (?, ?, ?, ?) RETURNING id, pruned_before',
    ),
    findBoot: db.prepare('SELECT id FROM boots WHERE boot = ?'),
    addBoot: db.prepare('INSERT INTO boots (boot) VALUES (?) RETURNING id'),
    findLatest: db.prepare(
      `SELECT ${columns} FROM latest JOIN boots ON boots.id = latest.boot WHERE series = ?`,
    ),
    saveLatest: db.prepare('INSERT OR REPLACE INTO latest VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
    addLevel: db.prepare('INSERT OR IGNORE INTO levels VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
    findLevel: db.prepare(
      `SELECT ${columns} FROM levels JOIN boots ON boots.id = levels.boot WHERE series = ? AND at = ?`,
    ),
    replaceLevel: db.prepare(
      'UPDATE levels SET value = ?, boot = ?, seq = ?, idx = ?, received_at = ?, quality = ? WHERE series = ? AND at = ?',
    ),
    addCount: db.prepare('INSERT OR IGNORE INTO counts VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
    findCount: db.prepare(
      'SELECT at, received_at, quality FROM counts WHERE series = ? AND boot = ? AND seq = ? AND idx = ? AND value = ?',
    ),
    replaceCount: db.prepare(
      'UPDATE counts SET at = ?, received_at = ?, quality = ? WHERE series = ? AND boot = ? AND seq = ? AND idx = ? AND value = ?',
    ),
    dropOthers: db.prepare(
      'DELETE FROM counts WHERE series = ? AND boot = ? AND seq = ? AND idx = ? AND value <> ? RETURNING at, quality',
    ),
    findDay: db.prepare('SELECT hours FROM days WHERE series = ? AND day = ?'),
    saveDay: db.prepare('INSERT OR REPLACE INTO days VALUES (?, ?, ?)'),
    pruneDays: db.prepare('DELETE FROM days WHERE day < ?'),
    levelsOf: db.prepare(
      `SELECT at, value FROM levels WHERE series = ? AND at >= ? AND at < ? AND ${isOfHourSql} ORDER BY at`,
    ),
    newestCounts: db.prepare(
      `SELECT ${columns} FROM counts JOIN boots ON boots.id = counts.boot
       WHERE series = ? AND at = (SELECT max(at) FROM counts WHERE series = ?)`,
    ),
    countsOf: db.prepare(
      `SELECT ${columns} FROM counts INDEXED BY counts_by_time JOIN boots ON boots.id = counts.boot
       WHERE series = ? AND at >= ? AND at < ? AND ${isOfHourSql}`,
    ),
    saveTotal: db.prepare('INSERT OR REPLACE INTO totals VALUES (?, ?)'),
    readApplied: db.prepare('SELECT position FROM applied WHERE grp = ? AND part = ?').pluck(),
    saveApplied: db.prepare(
      'INSERT INTO applied VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET position = max(position, excluded.position)',
    ),
    saveWatermark: db.prepare(
      'INSERT INTO watermarks VALUES (?, ?) ON CONFLICT DO UPDATE SET at = max(at, excluded.at)',
    ),
    seriesToPrune: db.prepare(
      `SELECT id FROM series WHERE pruned_before < ? AND (
         EXISTS (SELECT 1 FROM levels WHERE series = series.id AND at < ?) OR
         EXISTS (SELECT 1 FROM counts WHERE series = series.id AND at < ?)) LIMIT ?`,
    ),
    pruneLevels: db.prepare('DELETE FROM levels WHERE series = ? AND at < ? RETURNING quality'),
    pruneCounts: db.prepare('DELETE FROM counts WHERE series = ? AND at < ? RETURNING quality'),
    savePruned: db.prepare('UPDATE series SET pruned_before = ? WHERE id = ?'),
  }
}

/** Gives the highest seq of one boot's counts; -Infinity where it has none. */
export function highestSeqFinder(db: Database.Database): (series: number, boot: number) => number {
  const find = db.prepare('SELECT max(seq) AS seq FROM counts WHERE series = ? AND boot = ?')
  return (series, boot) => (find.get(series, boot) as { seq: number | null }).seq ?? -Infinity
}
