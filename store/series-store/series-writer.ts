import type Database from 'better-sqlite3'
import { hourMs, type Applied, type Reading } from '../../domain/index.ts'
import type { BlockCodec } from './block-codec.ts'
import type { Boots } from './boots.ts'
import { createChunkTable, type Chunk } from './chunk-table.ts'
import { mark } from './columns.ts'
import { createCountHeads } from './count-heads.ts'
import { createSeriesMerger, readTotals } from './merge-series.ts'
import { createMerger, type MergePace } from './merger.ts'
import { reservePending, type Pending } from './pending.ts'
import { chunkPruner } from './prune-chunks.ts'
import { findProblem } from './reading-problem.ts'
import { createRollupTable } from './rollup-table.ts'
import { prepareApplied } from './save-applied.ts'
import type { SegmentFeed } from './segments.ts'
import { createSeriesBook } from './series-book.ts'
import { qualities, qualityNumber } from './series-rows.ts'
import type { WriteOutcome } from './series-store.ts'
import { createSeriesView } from './series-view.ts'

/** Boots of counts in memory beside those of readings that wait: a device that starts anew with every message must not fill it. */
const headsInMemory = 200_000

const stored: WriteOutcome = { status: 'stored' }

export interface SeriesWriter {
  write(readings: readonly Reading[], applied: Applied | undefined): readonly WriteOutcome[]
  /** Merges a part of what waits; false where nothing is left. */
  mergeSome(): boolean
  /** Whether a reading before this moment waits for its merge. */
  waitsBefore(at: number): boolean
  /** Deletes some of the readings before a full hour; `more` says whether to call again. */
  prune(before: number): { readonly readings: number; readonly more: boolean }
  /** Deletes the roll-ups of whole days before this moment. */
  pruneRollups(before: number): void
}

/**
 * The one writer of a series database. A batch is one row, appended; a share of the merging is done after it. After an error
 * what it remembers may be none of the file's: make another one.
 */
export function createSeriesWriter(deps: {
  readonly db: Database.Database
  readonly codec: BlockCodec
  readonly boots: Boots
  readonly pending: Pending
  readonly feed: SegmentFeed
  readonly onDamage: (words: string) => void
  readonly merging?: MergePace | undefined
}): SeriesWriter {
  const { db, codec, boots, pending, feed } = deps
  const totals = readTotals(db, qualities.length)
  const keepDamaged = db.prepare(
    'INSERT INTO damaged (words, data) SELECT ?, (SELECT data FROM chunk_blobs WHERE id = ?)',
  )
  const chunks = createChunkTable(db, codec, (chunk: Chunk, error) => {
    keepDamaged.run(error.message, chunk.blob)
    chunks.remove(chunk)
    if (chunk.quality !== null) totals[chunk.quality]! -= chunk.readings
    deps.onDamage(error.message)
  })
  const view = createSeriesView({ db, chunks, pending, boots })
  const rollups = createRollupTable(db, view)
  const book = createSeriesBook(db)
  const heads = createCountHeads(db)
  const mergeOne = createSeriesMerger({ db, chunks, view, rollups, heads, boots, totals })
  const merger = createMerger({
    ...{ db, pending, feed, saveTotals, pace: deps.merging },
    mergeSeries: (series, end) => mergeOne(book.get(series), end),
  })
  const saveApplied = prepareApplied(db)
  const addSegment = db.prepare('INSERT INTO segments VALUES (?, ?)')
  const saveTotal = db.prepare('INSERT OR REPLACE INTO totals VALUES (?, ?)')
  const pruneSome = chunkPruner(db, chunks, totals)
  const qualityOf = new Map(qualities.map((quality) => [quality, qualityNumber(quality)]))
  const { columns, series } = pending

  function seePending(): void {
    for (let i = 0; i < columns.length; i++) {
      const booked = book.get(series.values[i]!)
      booked.newestAt = Math.max(booked.newestAt, columns.at[i]!)
      if (booked.isCount)
        heads.mayBeKnown(booked.id, columns.boot[i]!, columns.seq[i]!, columns.index[i]!)
    }
  }

  seePending()

  function saveTotals(): void {
    for (const [quality, readings] of totals.entries()) saveTotal.run(quality, readings)
  }

  function append(reading: Reading): WriteOutcome {
    const problem = findProblem(reading)
    if (problem !== null) return { status: 'rejected', words: problem }
    const booked = book.find(reading)
    const { at, seq, index } = reading
    if (at < booked.prunedBefore) {
      return {
        status: 'rejected',
        words: `It is older than what is kept of its series (${new Date(booked.prunedBefore).toISOString()}).`,
      }
    }
    const boot = boots.idOf(reading.boot)
    let marks = 0
    if (at > booked.newestAt) booked.newestAt = at
    else marks = booked.isCount ? mark.late : mark.late | mark.known
    if (booked.isCount && heads.mayBeKnown(booked.id, boot, seq, index)) marks |= mark.known
    const place = columns.length
    series.values[place] = booked.id
    columns.at[place] = at
    // There is one zero.
    columns.value[place] = reading.value + 0
    columns.boot[place] = boot
    columns.seq[place] = seq
    columns.index[place] = index
    columns.receivedAt[place] = reading.receivedAt
    columns.quality[place] = qualityOf.get(reading.quality)! | marks
    columns.length = place + 1
    return stored
  }

  const transact = db.transaction(
    (readings: readonly Reading[], applied: Applied | undefined): WriteOutcome[] => {
      if (applied) saveApplied(readings, applied)
      const from = columns.length
      reservePending(pending, readings.length)
      const outcomes = readings.map(append)
      if (columns.length > from) {
        const segment = codec.encode(columns, from, columns.length, series.values)
        const id = feed.lastSegment() + 1
        addSegment.run(id, segment)
        feed.note(id)
      }
      return outcomes
    },
  )

  return {
    write(readings, applied) {
      const from = columns.length
      const outcomes = transact.immediate(readings, applied)
      pending.link(from)
      if (columns.length > from) merger.afterWrite(from)
      if (heads.size() > headsInMemory + 2 * columns.length) {
        heads.forget()
        seePending()
      }
      return outcomes
    },
    mergeSome: () => merger.some(),
    waitsBefore: (at) => columns.at.subarray(0, columns.length).some((one) => one < at),
    prune(before) {
      const hour = Math.floor(before / hourMs) * hourMs
      const { readings, more, series } = pruneSome(hour, saveTotals)
      for (const id of series) {
        const booked = book.get(id)
        booked.prunedBefore = Math.max(booked.prunedBefore, hour)
        booked.smallChunks = null
      }
      return { readings, more }
    },
    pruneRollups: (before) => {
      rollups.prune(before)
    },
  }
}
