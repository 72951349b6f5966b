import type Database from 'better-sqlite3'
import { dayMs, hourMs } from '../../domain/index.ts'
import { DamagedBlockError } from './block-codec.ts'
import {
  addToDay,
  dayOf,
  emptyDay,
  encodeDay,
  fillDay,
  markStale,
  recomputeHour,
  type DayRollup,
} from './day-rollup.ts'
import { isOfHour } from './series-rows.ts'
import type { SeriesKey, SeriesView } from './series-view.ts'
import type { Patch } from './settle.ts'

/** Hours of a series by day, as merged; and as they become with a patch. */
export interface RollupTable {
  /** The days that a patch changes, each computed anew where its readings are not simply the newest. Good until the next ones are asked for. */
  patched(series: SeriesKey, patch: Patch): DayRollup[]
  save(series: number, rollup: DayRollup): void
  /** Drops whole days before a moment. */
  prune(before: number): void
}

const allStale = 2 ** 24 - 1

export function createRollupTable(db: Database.Database, view: SeriesView): RollupTable {
  const find = db.prepare('SELECT hours FROM rollups WHERE day = ? AND series = ?').pluck()
  const save = db.prepare('INSERT OR REPLACE INTO rollups VALUES (?, ?, ?)')
  const prune = db.prepare('DELETE FROM rollups WHERE day < ?')

  const spare: DayRollup[] = []

  function read(series: number, day: number, nth: number): DayRollup {
    const rollup = (spare[nth] ??= emptyDay(day))
    const blob = find.get(day, series) as Uint8Array | undefined
    try {
      fillDay(rollup, day, blob)
    } catch (error) {
      if (!(error instanceof DamagedBlockError)) throw error
      // The readings of the day say it again.
      fillDay(rollup, day, undefined)
      rollup.stale = allStale
    }
    return rollup
  }

  function recompute(series: SeriesKey, patch: Patch, rollup: DayRollup): void {
    for (let hour = 0; hour < 24; hour++) {
      if ((rollup.stale & (1 << hour)) === 0) continue
      const from = rollup.day * dayMs + hour * hourMs
      recomputeHour(rollup, hour, view.readingsOf(series, rollup.day, from, from + hourMs, patch))
    }
    rollup.stale = 0
  }

  return {
    patched(series, patch) {
      const days = new Map<number, DayRollup>()
      const dayAt = (at: number): DayRollup => {
        const day = dayOf(at)
        let rollup = days.get(day)
        if (!rollup) days.set(day, (rollup = read(series.id, day, days.size)))
        return rollup
      }
      const { added, removed } = patch
      for (const { at, quality } of removed) if (isOfHour(quality)) markStale(dayAt(at), at)
      let rollup: DayRollup | undefined
      for (let i = 0; i < added.length; i++) {
        if (!isOfHour(added.quality[i]!)) continue
        const at = added.at[i]!
        if (rollup?.day !== dayOf(at)) rollup = dayAt(at)
        addToDay(rollup, at, added.value[i]!)
      }
      for (const one of days.values()) if (one.stale !== 0) recompute(series, patch, one)
      return [...days.values()]
    },
    save(series, rollup) {
      save.run(rollup.day, series, encodeDay(rollup))
    },
    prune(before) {
      prune.run(dayOf(before))
    },
  }
}
