import type Database from 'better-sqlite3'
import { mark } from './columns.ts'
import type { Pending } from './pending.ts'
import type { SegmentFeed } from './segments.ts'

/**
 * Readings that wait before a merge begins. Every series costs a merge the same, so some for each of them; of many series fewer
 * each, within bounds of memory: the writer and each reader beside it keep them.
 */
const leastWaiting = 1 << 16
const usualWaiting = 1 << 18
const mostWaiting = 1 << 20
const usualPerSeries = 44
const leastPerSeries = 12
/** Segments of few readings are merged by their number, because a start reads them all. */
const segmentsWaiting = 4096
/** A series costs as much as so many readings; one that may be known as so many new ones. */
const seriesWork = 32
const knownWork = 50

/** When a merge begins and how much of it is done after a write, where not by what there is: in readings and in readings' work. */
export interface MergePace {
  readonly at: number
  readonly work?: number
}

export interface Merger {
  /** Does a share of the work that is due, in one transaction: a merge ends before as much again has come. */
  afterWrite(from: number): void
  /** Merges all there is, a bounded part at a call; false where nothing is left. */
  some(): boolean
}

/** Moves segments into chunks: series by series up to the last segment there was when it began, then the segments go. */
export function createMerger(deps: {
  readonly db: Database.Database
  readonly pending: Pending
  readonly feed: SegmentFeed
  /** Merges a series' readings before a place; gives how many. */
  readonly mergeSeries: (series: number, end: number) => number
  readonly saveTotals: () => void
  readonly pace?: MergePace | undefined
}): Merger {
  const { db, pending, feed } = deps
  const save = db.prepare('UPDATE merged SET floor = ?, through = ?, series = ?')
  const drop = db.prepare('DELETE FROM segments WHERE id <= ?')
  let knownWaiting = 0
  let workPerReading = 0

  const step = db.transaction((work: number): void => {
    const { floor, through: before, series: first } = feed.merged()
    const through = before > floor ? before : feed.lastSegment()
    const end = feed.endOf(through)
    const seriesEnd = pending.seriesEnd()
    let series = before > floor ? first : 0
    let left = work
    while (series < seriesEnd && left > 0) {
      if (pending.has(series)) left -= deps.mergeSeries(series, end) + seriesWork
      series++
    }
    const isDone = series >= seriesEnd
    const now = isDone ? { floor: through, through, series: 0 } : { floor, through, series }
    if (isDone) drop.run(through)
    save.run(now.floor, now.through, now.series)
    deps.saveTotals()
    next = now
  })
  let next = feed.merged()

  function run(work: number): void {
    step.immediate(work)
    feed.follow(next)
  }

  const isMerging = (): boolean => feed.merged().through > feed.merged().floor

  function isDue(): boolean {
    const series = pending.seriesEnd()
    const usual = Math.min(usualWaiting, usualPerSeries * series)
    const limit = Math.max(leastWaiting, usual, Math.min(mostWaiting, leastPerSeries * series))
    const waiting = pending.columns.length + knownWork * knownWaiting
    return waiting >= (deps.pace?.at ?? limit) || feed.count() >= segmentsWaiting
  }

  function begin(): void {
    let series = 0
    for (let id = 0; id < pending.seriesEnd(); id++) if (pending.has(id)) series++
    const readings = pending.columns.length
    // Twice as fast as readings come: of those that wait there are never more than one and a half times the limit.
    workPerReading =
      (2 * (readings + knownWork * knownWaiting + seriesWork * series)) / Math.max(1, readings)
    knownWaiting = 0
  }

  return {
    afterWrite(from) {
      const { length, quality } = pending.columns
      for (let i = from; i < length; i++) if (quality[i]! >= mark.known) knownWaiting++
      if (!isMerging() && !isDue()) return
      if (!isMerging() || workPerReading === 0) begin()
      run(deps.pace?.work ?? Math.ceil((length - from) * workPerReading) + seriesWork)
    },
    some() {
      if (feed.count() === 0) return false
      if (!isMerging()) begin()
      run(deps.pace?.work ?? usualWaiting / 8)
      return feed.count() > 0
    },
  }
}
