import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRanges } from './ranges.ts'

const range = fc
  .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 12 }))
  .map(([from, length]): [number, number] => [from, from + length])

describe('ranges', () => {
  it('hold what was added, whatever the order, as the fewest ranges', () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 25 }), range, (added, [from, to]) => {
        const ranges = createRanges()
        const members = new Set<number>()
        for (const [first, last] of added) {
          ranges.add(first, last)
          for (let at = first; at <= last; at++) members.add(at)
        }
        const listed = ranges.list()
        for (const [index, [first]] of listed.entries())
          if (index > 0) expect(first).toBeGreaterThan(listed[index - 1]![1] + 1)
        const all = listed.flatMap(([a, b]) => Array.from({ length: b - a + 1 }, (_, i) => a + i))
        expect(all).toEqual([...members].sort((a, b) => a - b))

        const within = Array.from({ length: to - from + 1 }, (_, i) => from + i)
        expect(ranges.count(from, to)).toBe(within.filter((at) => members.has(at)).length)
        const gap = ranges.gap(from, to)
        const first = within.find((at) => !members.has(at))
        expect(gap?.[0]).toBe(first)
        if (gap) {
          const next = within.find((at) => at > gap[0] && members.has(at))
          expect(gap[1]).toBe(next === undefined ? to : next - 1)
        }
      }),
    )
  })

  it('beyond their number forget the shortest, never the first, and claim nothing that was not added', () => {
    const ranges = createRanges([], 3)
    for (const [from, to] of [
      [1, 1],
      [10, 19],
      [30, 31],
      [40, 49],
    ] as const)
      ranges.add(from, to)
    expect(ranges.list()).toEqual([
      [1, 1],
      [10, 19],
      [40, 49],
    ])
  })

  it('have no gap in nothing', () => {
    expect(createRanges().gap(5, 4)).toBeNull()
    expect(createRanges([[1, 9]]).gap(12, 10)).toBeNull()
  })
})
