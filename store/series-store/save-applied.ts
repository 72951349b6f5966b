import type Database from 'better-sqlite3'
import { fencedError, type Applied, type Reading } from '../../domain/index.ts'

/** Moves the group and its sites' watermarks on, in the transaction of the rows; throws where another has moved the group. */
export function prepareApplied(
  db: Database.Database,
): (readings: readonly Reading[], applied: Applied) => void {
  const read = db.prepare('SELECT position FROM applied WHERE grp = ? AND part = ?').pluck()
  const save = db.prepare(
    'INSERT INTO applied VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET position = max(position, excluded.position)',
  )
  const saveWatermark = db.prepare(
    'INSERT INTO watermarks VALUES (?, ?) ON CONFLICT DO UPDATE SET at = max(at, excluded.at)',
  )
  return (readings, applied) => {
    const { group, partition, position, from } = applied
    if (from !== undefined) {
      const stands = (read.get(group, partition) as number | undefined) ?? null
      if (stands !== position && stands !== from) throw fencedError(applied, stands)
    }
    save.run(group, partition, position)
    const marks = new Map<string, number>()
    let last = ''
    let mark = -1
    for (const { site, receivedAt } of readings) {
      if (site === last && !(receivedAt > mark)) continue
      const known = marks.get(site) ?? -1
      last = site
      mark = receivedAt > known ? receivedAt : known
      if (mark >= 0) marks.set(site, mark)
    }
    for (const [site, at] of marks) saveWatermark.run(site, at)
  }
}
