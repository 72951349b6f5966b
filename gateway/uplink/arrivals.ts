import { hourMs, minuteMs, type Position } from '../../domain/index.ts'

/** A moment of running time, and how far the log reached then. */
export interface Mark {
  readonly position: Position
  readonly runMs: number
}

/**
 * How long ago messages came, in time that the gateway ran: a wall clock that jumps by years makes nothing old, and hours in
 * which it was off do not count.
 */
export interface Arrivals {
  /** The log reaches this far now. */
  reached(position: Position): void
  end(): Position
  runMs(): number
  /** At least so long ago came the message at this position, but for what marks that were thinned out hide. */
  ageMs(position: Position): number
  /** The last position that is known to be at least so old; 0 where none is. */
  olderThan(ageMs: number): Position
  /** What a start goes on with. */
  marks(): readonly Mark[]
}

/** Marks of the last minute lie so far apart, those of the last ten minutes, and older ones. */
const spacings = [
  { youngerMs: minuteMs, spacingMs: 100 },
  { youngerMs: 10 * minuteMs, spacingMs: 5000 },
  { youngerMs: Infinity, spacingMs: 5 * minuteMs },
] as const
const thinAbove = 1500
/** Older than anything is kept for. */
const forgetAfterMs = 1000 * hourMs

export function createArrivals(deps: {
  readonly monotonic: { now(): number }
  readonly before: { readonly runMs: number; readonly marks: readonly Mark[] }
}): Arrivals {
  const { monotonic, before } = deps
  const startedAt = monotonic.now()
  let marks: Mark[] = [...before.marks]
  let end = marks.at(-1)?.position ?? 0

  const runMs = (): number => before.runMs + monotonic.now() - startedAt

  const thin = (): void => {
    const now = runMs()
    let newest = Infinity
    const kept: Mark[] = []
    for (const mark of marks.toReversed()) {
      const age = now - mark.runMs
      const { spacingMs } = spacings.find(({ youngerMs }) => age < youngerMs)!
      if (newest - mark.runMs < spacingMs || age > forgetAfterMs) continue
      kept.push(mark)
      newest = mark.runMs
    }
    marks = kept.reverse()
  }

  return {
    reached(position) {
      if (position <= end) return
      end = position
      const now = runMs()
      const last = marks.at(-1)
      if (last && now - last.runMs < spacings[0].spacingMs)
        marks[marks.length - 1] = { ...last, position }
      else marks.push({ position, runMs: now })
      if (marks.length > thinAbove) thin()
    },
    end: () => end,
    runMs,
    ageMs(position) {
      const index = firstIndex(marks, (mark) => mark.position >= position)
      const mark = marks[index]
      return mark ? Math.max(0, runMs() - mark.runMs) : 0
    },
    olderThan(ageMs) {
      const latest = runMs() - ageMs
      const index = firstIndex(marks, (mark) => mark.runMs > latest)
      return marks[index - 1]?.position ?? 0
    },
    marks() {
      thin()
      return marks
    },
  }
}

/** Of a list that is ordered by it: the first that it is true of, or its length. */
function firstIndex<T>(list: readonly T[], isTrue: (item: T) => boolean): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (isTrue(list[middle]!)) high = middle
    else low = middle + 1
  }
  return low
}
