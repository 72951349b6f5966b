import type { Position } from '../../domain/index.ts'

/** From and to, both in it. */
export type Range = readonly [Position, Position]

/** A set of positions that are mostly neighbours, as a short list of ranges in order. */
export interface Ranges {
  add(from: Position, to: Position): void
  /** The lowest run of positions within [from, to] that are not in it; null where all are. */
  gap(from: Position, to: Position): Range | null
  /** How many of [from, to] are in it. */
  count(from: Position, to: Position): number
  list(): readonly Range[]
}

/**
 * Holds at most `maxRanges`: beyond that it forgets the shortest but the first, which for what was acknowledged means that
 * little is sent again.
 */
export function createRanges(initial: readonly Range[] = [], maxRanges = 256): Ranges {
  let ranges: Range[] = [...initial]

  const forgetShortest = (): void => {
    let shortest = 1
    for (let index = 2; index < ranges.length; index++)
      if (length(ranges[index]!) < length(ranges[shortest]!)) shortest = index
    ranges.splice(shortest, 1)
  }

  return {
    add(from, to) {
      if (to < from) return
      const before = ranges.filter((range) => range[1] < from - 1)
      const after = ranges.filter((range) => range[0] > to + 1)
      const joined = ranges.slice(before.length, ranges.length - after.length)
      const start = Math.min(from, joined[0]?.[0] ?? from)
      const end = Math.max(to, joined.at(-1)?.[1] ?? to)
      ranges = [...before, [start, end], ...after]
      if (ranges.length > maxRanges) forgetShortest()
    },
    gap(from, to) {
      let start = from
      for (const range of ranges) {
        if (range[1] < start) continue
        if (range[0] > start) return start > to ? null : [start, Math.min(to, range[0] - 1)]
        start = range[1] + 1
      }
      return start > to ? null : [start, to]
    },
    count: (from, to) =>
      ranges.reduce(
        (sum, range) => sum + Math.max(0, Math.min(to, range[1]) - Math.max(from, range[0]) + 1),
        0,
      ),
    list: () => ranges,
  }
}

const length = ([from, to]: Range): number => to - from
