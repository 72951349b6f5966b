import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hourMs, minuteMs } from '../../domain/index.ts'
import { createRandom } from '../../runtime/index.ts'
import { levelAt, shelfMoves, shelfSteps, type ShelfSight } from './shelf-level.ts'

const start = Date.UTC(2026, 10, 2, 0)
const every = (stepMs: number, ...units: number[]): ShelfSight[] =>
  units.map((one, i) => ({ at: start + i * stepMs, units: one }))
const levels = (sights: readonly ShelfSight[]): readonly number[] =>
  shelfSteps(sights).map(({ units }) => units)

describe('the level of a shelf', () => {
  test('is what stood for half a minute', () => {
    expect(levels(every(10_000, 12, 12, 12, 12, 11, 11, 11, 11))).toEqual([12, 11])
    expect(levels(every(10_000, 12, 12, 12, 12, 11, 11, 12, 12, 12, 12))).toEqual([12])
  })

  test('of a scale that speaks seldom goes down one by one, and up at once', () => {
    expect(levels(every(12 * minuteMs, 12, 12, 11, 10, 7, 19, 19))).toEqual([12, 11, 10, 7, 19])
  })

  test('is not a hand that was seen once', () => {
    expect(levels(every(5 * minuteMs, 12, 12, 17, 12, 12, 3, 12, 12))).toEqual([12])
  })

  test('is never between two units', () => {
    expect(levels(every(10_000, 12.02, 11.97, 12, 12.1, 11.5, 11.5, 11.5, 11.5, 11.5))).toEqual([
      12,
    ])
  })
})

describe('moves', () => {
  const moves = (sights: readonly ShelfSight[]) =>
    shelfMoves(shelfSteps(sights), start, start + hourMs)

  test('are picks and refills of the hour', () => {
    expect(moves(every(5 * minuteMs, 5, 5, 4, 4, 2, 2, 14, 14))).toEqual({
      picked: 3,
      refilled: 12,
    })
  })

  test('leave out what is put back', () => {
    expect(moves(every(2 * minuteMs, 9, 9, 8, 8, 9, 9, 8, 8))).toEqual({ picked: 1, refilled: 0 })
  })
})

/** A store shelf over some days: what was really taken and put on, and what its scale says of it. */
function simulate(options: {
  readonly seed: number
  readonly days: number
  readonly everyMs: number
  readonly tellsChanges: boolean
  readonly unitGrams: number
  readonly noiseGrams: number
}) {
  const random = createRandom(options.seed)
  const next = (): number => random.next()
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
  let units = 24
  let hand: { readonly until: number; readonly grams: number } | null = null
  const hours: { picked: number; refilled: number; level: number }[] = []
  const sights: ShelfSight[] = []
  const stepMs = 10_000
  let hour = { picked: 0, refilled: 0, level: units }
  for (let at = start; at < start + options.days * 24 * hourMs; at += stepMs) {
    const clock = (at - start) % (24 * hourMs)
    const isOpen = clock > 7 * hourMs && clock < 22 * hourMs
    let changed = false
    if (hand && at >= hand.until) hand = null
    if (isOpen && units > 0 && next() < stepMs / (9 * minuteMs)) {
      const taken = Math.min(units, next() < 0.2 ? 2 : 1)
      units -= taken
      hour.picked += taken
      changed = true
    } else if (isOpen && units <= 4 && next() < stepMs / (20 * minuteMs)) {
      units += 20
      hour.refilled += 20
      changed = true
    } else if (isOpen && !hand && next() < stepMs / (30 * minuteMs)) {
      const grams = (next() < 0.5 ? -1 : 1) * (0.3 + 4 * next()) * options.unitGrams
      hand = { until: at + 2_000 + next() * 15_000, grams }
    }
    if ((at - start) % options.everyMs === 0 || (options.tellsChanges && changed)) {
      const held = hand ? hand.grams * (0.8 + 0.4 * next()) : 0
      const grams = units * options.unitGrams + options.noiseGrams * normal() + held
      sights.push({ at, units: Math.max(0, grams) / options.unitGrams })
    }
    if ((at + stepMs - start) % hourMs === 0) {
      hours.push({ ...hour, level: units })
      hour = { picked: 0, refilled: 0, level: units }
    }
  }
  return { sights, hours }
}

/** As ingest does it: each hour of its own, from three hours before to two after. */
function measure(options: Parameters<typeof simulate>[0]) {
  const { sights, hours } = simulate(options)
  let first = 0
  const sum = { picked: 0, found: 0, wrong: 0, levelErrors: 0, refilled: 0, refillsFound: 0 }
  for (const [i, truth] of hours.entries()) {
    const from = start + i * hourMs
    const to = from + hourMs
    while (sights[first] && sights[first]!.at < from - 3 * hourMs) first++
    const end = sights.findIndex(({ at }, index) => index >= first && at >= to + hourMs)
    const seen = sights.slice(first, end < 0 ? undefined : end)
    const steps = shelfSteps(seen)
    const moves = shelfMoves(steps, from, to)
    sum.picked += truth.picked
    sum.found += moves.picked
    sum.wrong += Math.abs(moves.picked - truth.picked)
    sum.refilled += truth.refilled
    sum.refillsFound += moves.refilled
    sum.levelErrors += Math.abs((levelAt(steps, seen, to - 1) ?? 0) - truth.level)
  }
  return {
    picksOffPct: (100 * Math.abs(sum.found - sum.picked)) / sum.picked,
    hoursOffPct: (100 * sum.wrong) / sum.picked,
    refillsOffPct: (100 * Math.abs(sum.refillsFound - sum.refilled)) / sum.refilled,
    levelOff: sum.levelErrors / hours.length,
  }
}

test.each([
  ['every 10 s, 500 g', { everyMs: 10_000, tellsChanges: false, unitGrams: 500, noiseGrams: 3 }],
  ['every 10 s, 50 g', { everyMs: 10_000, tellsChanges: false, unitGrams: 50, noiseGrams: 3 }],
  ['every minute', { everyMs: minuteMs, tellsChanges: false, unitGrams: 500, noiseGrams: 3 }],
  [
    'changes and 12 min',
    { everyMs: 12 * minuteMs, tellsChanges: true, unitGrams: 500, noiseGrams: 3 },
  ],
] as const)(
  'a noisy scale with hands on it, %s: picks and level are near the truth',
  (_, scale) => {
    const found = measure({ seed: 7, days: 4, ...scale })
    expect(found.picksOffPct).toBeLessThan(3)
    expect(found.hoursOffPct).toBeLessThan(12)
    expect(found.refillsOffPct).toBeLessThan(3)
    expect(found.levelOff).toBeLessThan(0.3)
  },
)

test('without noise or hands every pick is found, however slow the scale', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 30 }),
      fc.integer({ min: 30_000, max: 10 * minuteMs }),
      (picks, stepMs) => {
        let units = 100
        const told = [units, units, ...picks.map((one) => (units -= one)), units, units]
        const steps = shelfSteps(every(stepMs, ...told))
        const all = picks.reduce((sum, one) => sum + one, 0)
        expect(shelfMoves(steps, start, 8e15).picked).toBe(all)
      },
    ),
    { numRuns: 200 },
  )
})
