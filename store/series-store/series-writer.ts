import type Database from 'better-sqlite3'
import { channelType, dayMs, hourMs, type Applied, type Reading } from '../../domain/index.ts'
import { addToDay, dayOf, markStale, readDay, recomputeHour, type DayRollup } from './day-rollup.ts'
import {
  compareDoubt,
  compareRank,
  compareRows,
  isOfHour,
  qualities,
  qualityNumber,
  replaces,
  toReading,
  type ReadingRow,
  type SeriesName,
} from './series-rows.ts'
import { findProblem } from './reading-problem.ts'
import { saveApplied } from './save-applied.ts'
import { highestSeqFinder, prepareStatements } from './series-statements.ts'
import type { WriteOutcome } from './series-store.ts'

const stored: WriteOutcome = { status: 'stored' }
/** Boots kept in memory; a map past this size is emptied and filled again from the table. */
const bootsInMemory = 100_000

interface SeriesState {
  readonly id: number
  readonly name: SeriesName
  readonly isCount: boolean
  prunedBefore: number
  latest: Reading | null
  isLatestChanged: boolean
  /** Days read or changed in this transaction, and the newest one of earlier ones. */
  readonly days: Map<number, DayRollup>
  readonly changedDays: Set<DayRollup>
  /** Highest seq there is of a boot that was imported: an imported row beyond it corrects nothing. */
  readonly highestSeq: Map<number, number>
  isTouched: boolean
}

export interface SeriesWriter {
  write(readings: readonly Reading[], applied: Applied | undefined): readonly WriteOutcome[]
  /** Deletes readings before a full hour, some series at a time; `more` says whether to call again. */
  prune(before: number, seriesAtOnce: number): { readonly readings: number; readonly more: boolean }
  /** Deletes the roll-ups of whole days before this moment. */
  pruneRollups(before: number): void
}

/** The one writer of a series database. A transaction that fails leaves neither rows nor remembered state behind. */
export function createSeriesWriter(db: Database.Database): SeriesWriter {
  const sql = prepareStatements(db)
  const findHighestSeq = highestSeqFinder(db)
  const states = new Map<string, SeriesState>()
  const bootIds = new Map<string, number>()
  let touched: SeriesState[] = []
  let totals = readTotals(db)

  function stateOf(reading: Reading): SeriesState {
    const gtin = reading.gtin ?? ''
    const key = `${reading.site}/${reading.device}/${reading.channel}/${gtin}`
    const known = states.get(key)
    if (known) return known
    const names = [reading.site, reading.device, reading.channel, gtin]
    const row =
      (sql.findSeries.get(...names) as { id: number; pruned_before: number } | undefined) ??
      (sql.addSeries.get(...names) as { id: number; pruned_before: number })
    const name = {
      id: row.id,
      site: reading.site,
      device: reading.device,
      channel: reading.channel,
      gtin,
    }
    const latest = sql.findLatest.get(row.id) as ReadingRow | undefined
    const state: SeriesState = {
      id: row.id,
      name,
      isCount: channelType(reading.channel) === 'count',
      prunedBefore: row.pruned_before,
      latest: latest ? toReading(name, latest) : null,
      isLatestChanged: false,
      days: new Map(),
      changedDays: new Set(),
      highestSeq: new Map(),
      isTouched: false,
    }
    states.set(key, state)
    return state
  }

  function bootId(boot: string): number {
    const known = bootIds.get(boot)
    if (known !== undefined) return known
    const row = (sql.findBoot.get(boot) ?? sql.addBoot.get(boot)) as { id: number }
    if (bootIds.size >= bootsInMemory) bootIds.clear()
    bootIds.set(boot, row.id)
    return row.id
  }

  function changeDay(state: SeriesState, at: number): DayRollup {
    const day = dayOf(at)
    let rollup = state.days.get(day)
    if (!rollup) {
      const row = sql.findDay.get(state.id, day) as { hours: Uint8Array } | undefined
      rollup = readDay(day, row?.hours)
      state.days.set(day, rollup)
    }
    state.changedDays.add(rollup)
    return rollup
  }

  function writeLevel(state: SeriesState, reading: Reading): void {
    const boot = bootId(reading.boot)
    const { at, value, seq, index, receivedAt } = reading
    const quality = qualityNumber(reading.quality)
    if (
      sql.addLevel.run(state.id, at, value, boot, seq, index, receivedAt, quality).changes === 1
    ) {
      totals[quality]!++
      if (isOfHour(quality)) addToDay(changeDay(state, at), at, value)
      seeLatest(state, reading)
      return
    }
    const there = sql.findLevel.get(state.id, at) as ReadingRow
    if (!replaces(reading, quality, there)) return
    sql.replaceLevel.run(value, boot, seq, index, receivedAt, quality, state.id, at)
    totals[there.quality]!--
    totals[quality]!++
    if (there.value !== value || there.quality !== quality) markStale(changeDay(state, at), at)
    seeLatest(state, reading)
  }

  function writeCount(state: SeriesState, reading: Reading): void {
    const boot = bootId(reading.boot)
    const { at, value, seq, index, receivedAt } = reading
    const quality = qualityNumber(reading.quality)
    if (reading.quality === 'imported') dropEarlierImport(state, boot, reading)
    else if (seq > (state.highestSeq.get(boot) ?? Infinity)) state.highestSeq.set(boot, seq)
    if (
      sql.addCount.run(state.id, boot, seq, index, value, at, receivedAt, quality).changes === 1
    ) {
      totals[quality]!++
      if (isOfHour(quality)) addToDay(changeDay(state, at), at, value)
      seeLatest(state, reading)
      return
    }
    const there = sql.findCount.get(state.id, boot, seq, index, value) as ReadingRow
    const order = compareDoubt(quality, there.quality) || at - there.at
    if ((order || receivedAt - there.received_at || quality - there.quality) >= 0) return
    sql.replaceCount.run(at, receivedAt, quality, state.id, boot, seq, index, value)
    totals[there.quality]!--
    totals[quality]!++
    findLatestAgain(state)
    if (there.at === at && there.quality === quality) return
    markStale(changeDay(state, there.at), there.at)
    markStale(changeDay(state, at), at)
  }

  /** A file imported again with another number corrects the first: its units are not sold twice. */
  function dropEarlierImport(state: SeriesState, boot: number, reading: Reading): void {
    const highest = state.highestSeq.get(boot) ?? findHighestSeq(state.id, boot)
    state.highestSeq.set(boot, Math.max(highest, reading.seq))
    if (reading.seq > highest) return
    const rows = sql.dropOthers.all(
      state.id,
      boot,
      reading.seq,
      reading.index,
      reading.value,
    ) as ReadingRow[]
    for (const row of rows) {
      totals[row.quality]!--
      markStale(changeDay(state, row.at), row.at)
    }
    if (rows.length > 0) findLatestAgain(state)
  }

  function seeLatest(state: SeriesState, reading: Reading): void {
    const { latest } = state
    const order = latest ? reading.at - latest.at || compareRank(reading, latest) : 1
    if (order < 0) return
    state.latest = reading
    state.isLatestChanged = true
  }

  function findLatestAgain(state: SeriesState): void {
    const rows = sql.newestCounts.all(state.id, state.id) as ReadingRow[]
    const newest = rows.sort(compareRows).at(-1)
    state.latest = newest ? toReading(state.name, newest) : null
    state.isLatestChanged = true
  }

  function writeOne(reading: Reading): WriteOutcome {
    const problem = findProblem(reading)
    if (problem !== null) return { status: 'rejected', words: problem }
    const state = stateOf(reading)
    if (reading.at < state.prunedBefore) {
      return {
        status: 'rejected',
        words: `It is older than what is kept of its series (${new Date(state.prunedBefore).toISOString()}).`,
      }
    }
    if (!state.isTouched) {
      state.isTouched = true
      touched.push(state)
    }
    if (state.isCount) writeCount(state, reading)
    else writeLevel(state, reading)
    return stored
  }

  function saveTouched(): void {
    for (const state of touched) {
      if (state.isLatestChanged && state.latest) {
        const { at, value, boot, seq, index, receivedAt, quality } = state.latest
        sql.saveLatest.run(
          state.id,
          at,
          value,
          bootId(boot),
          seq,
          index,
          receivedAt,
          qualityNumber(quality),
        )
      }
      for (const rollup of state.changedDays) {
        if (rollup.stale !== 0) recomputeStale(state, rollup)
        sql.saveDay.run(state.id, rollup.day, new Uint8Array(rollup.buffer))
      }
    }
  }

  function recomputeStale(state: SeriesState, rollup: DayRollup): void {
    const select = state.isCount ? sql.countsOf : sql.levelsOf
    for (let hour = 0; hour < 24; hour++) {
      if ((rollup.stale & (1 << hour)) === 0) continue
      const from = rollup.day * dayMs + hour * hourMs
      const rows = select.all(state.id, from, from + hourMs) as ReadingRow[]
      if (state.isCount) rows.sort(compareRows)
      recomputeHour(rollup, hour, rows)
    }
    rollup.stale = 0
  }

  function forgetTransaction(): void {
    for (const state of touched) {
      state.isLatestChanged = false
      state.isTouched = false
      state.changedDays.clear()
      if (state.days.size > 1) {
        const newest = Math.max(...state.days.keys())
        for (const day of state.days.keys()) if (day !== newest) state.days.delete(day)
      }
    }
    touched = []
  }

  const transact = db.transaction(
    (readings: readonly Reading[], applied: Applied | undefined): WriteOutcome[] => {
      const outcomes = readings.map(writeOne)
      saveTouched()
      for (const [quality, readings] of totals.entries()) sql.saveTotal.run(quality, readings)
      if (applied) saveApplied(sql, readings, applied)
      return outcomes
    },
  )

  const pruneSome = db.transaction((before: number, seriesAtOnce: number) => {
    const rows = sql.seriesToPrune.all(before, before, before, seriesAtOnce) as { id: number }[]
    let readings = 0
    for (const { id } of rows) {
      for (const remove of [sql.pruneLevels, sql.pruneCounts]) {
        for (const { quality } of remove.all(id, before) as { quality: number }[]) {
          totals[quality]!--
          readings++
        }
      }
      sql.savePruned.run(before, id)
    }
    for (const [quality, readings] of totals.entries()) sql.saveTotal.run(quality, readings)
    return { readings, more: rows.length === seriesAtOnce }
  })

  function orForgetAll<T>(run: () => T): T {
    try {
      return run()
    } catch (error) {
      states.clear()
      bootIds.clear()
      touched = []
      totals = readTotals(db)
      throw error
    }
  }

  return {
    write: (readings, applied) =>
      orForgetAll(() => {
        const outcomes = transact.immediate(readings, applied)
        forgetTransaction()
        return outcomes
      }),
    pruneRollups: (before) => {
      sql.pruneDays.run(dayOf(before))
      states.clear()
    },
    prune: (before, seriesAtOnce) =>
      orForgetAll(() => {
        const result = pruneSome.immediate(Math.floor(before / hourMs) * hourMs, seriesAtOnce)
        states.clear()
        return result
      }),
  }
}

function readTotals(db: Database.Database): number[] {
  const totals = qualities.map(() => 0)
  const rows = db.prepare('SELECT quality, readings FROM totals').all() as {
    quality: number
    readings: number
  }[]
  for (const { quality, readings } of rows) totals[quality] = readings
  return totals
}
