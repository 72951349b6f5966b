import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findStep, towardsStep } from './whole-steps.ts'

const historyOf = (amounts: readonly number[]): Parameters<typeof findStep>[0] => ({
  hours: amounts.length,
  series: [
    {
      site: 'S',
      product: 'P',
      device: null,
      timeZone: 'UTC',
      statics: {},
      value: Float32Array.from(amounts),
      outMinutes: new Uint8Array(amounts.length),
      known: {},
    },
  ],
})

test('the step of sales is found in pieces and in scaled pieces, and there is none in kilograms', () => {
  expect(findStep(historyOf([0, 1, 2, NaN, 1, 3, 0, 1]), 8)).toBe(1)
  expect(findStep(historyOf([0.1, 0.3, 0, 0.2, 0.1, 1.7]), 6)).toBeCloseTo(0.1, 6)
  expect(findStep(historyOf([0.13, 0.31, 0.27, 1.91, 0.04]), 5)).toBe(0)
  expect(findStep(historyOf([0, 0]), 2)).toBe(0)
})

test('hours after the end of the learning days do not tell of the step', () => {
  expect(findStep(historyOf([2, 2, 4, 1, 1, 1, 1]), 3)).toBe(2)
})

test('moving towards whole steps keeps the order and what is covered', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 50, noNaN: true }),
      fc.double({ min: 0, max: 50, noNaN: true }),
      fc.integer({ min: 0, max: 500 }),
      (a, b, count) => {
        const step = 0.1
        const [low, high] = [Math.min(a, b), Math.max(a, b)]
        expect(towardsStep(low, step)).toBeLessThanOrEqual(towardsStep(high, step))
        const amount = count * step
        if (Math.abs(amount - a) > 1e-9) expect(amount <= towardsStep(a, step)).toBe(amount <= a)
      },
    ),
  )
})

/** Machado and Santos Silva, "Quantiles for counts", JASA 100 (2005): the rounded quantile of counts blurred by half a step. */
test('of counts blurred by half a step, the quantile moved towards a step costs least', () => {
  const counts = [0, 1, 1, 2, 2, 2, 3, 3, 4, 7]
  const blurred = counts.flatMap((count) =>
    Array.from({ length: 100 }, (_, i) => count + (i + 0.5) / 100 - 0.5),
  )
  blurred.sort((a, b) => a - b)
  const cost = (q: number, p: number): number =>
    counts.reduce((sum, y) => sum + Math.max(p * (y - q), (p - 1) * (y - q)), 0)
  for (const p of [0.05, 0.25, 0.45, 0.65, 0.85, 0.95]) {
    const quantile = blurred[Math.floor(p * blurred.length)]!
    const moved = towardsStep(quantile, 1)
    const best = Math.min(...counts.map((q) => cost(q, p)))
    expect(cost(moved, p)).toBeLessThan(best + 0.05 * 0.5 * counts.length * 0.5 + 1e-9)
    expect(cost(moved, p)).toBeLessThanOrEqual(cost(quantile, p) + 1e-9)
  }
})
