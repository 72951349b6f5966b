import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fitSchedule, remainingMs, type Schedule, type Spent } from './budget.ts'

const planned: Schedule = { main: 10, settle: 3, cutShort: false }
const start: Spent = {
  phase: 'main',
  ...{ buildMs: 20_000, learnMs: 10_000, hands: 2, epochs: [1, 0, 0], begun: 1 },
  ...{ otherMs: 30_000, leftMs: 1_200_000 },
}
const share = 3 / 13

test('a schedule that ends in time stays as it was planned', () => {
  expect(fitSchedule(planned, start, share)).toEqual(planned)
})

test('a schedule that would end too late is the longest that does not', () => {
  const late = { ...start, leftMs: 200_000 }
  const fitted = fitSchedule(planned, late, share)
  expect(fitted).toEqual({ main: 5, settle: 2, cutShort: true })
  expect(remainingMs(fitted, late) + late.otherMs).toBeLessThanOrEqual(late.leftMs)
  const longer = { ...fitted, main: fitted.main + 1 }
  expect(remainingMs(longer, late) + late.otherMs).toBeGreaterThan(late.leftMs)
})

test('an epoch that was begun is ended, and one settles', () => {
  expect(fitSchedule(planned, { ...start, begun: 4, leftMs: -1 }, share)).toEqual({
    ...{ main: 4, settle: 1, cutShort: true },
  })
  const settling: Spent = { ...start, phase: 'settle', epochs: [11, 10, 10], begun: 11, leftMs: -1 }
  expect(fitSchedule(planned, settling, share)).toEqual({ main: 10, settle: 1, cutShort: true })
})

test('whatever was measured, a schedule only gets shorter and ends after what was begun', () => {
  fc.assert(
    fc.property(
      fc.record({
        buildMs: fc.integer({ min: 0, max: 1e6 }),
        learnMs: fc.integer({ min: 0, max: 1e6 }),
        hands: fc.integer({ min: 1, max: 8 }),
        epochs: fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 1, maxLength: 5 }),
        leftMs: fc.integer({ min: -1e6, max: 1e8 }),
      }),
      (measured) => {
        const begun = Math.min(10, Math.max(...measured.epochs) + 1)
        const spent: Spent = { phase: 'main', otherMs: 0, begun, ...measured }
        const fitted = fitSchedule(planned, spent, share)
        expect(fitted.main).toBeGreaterThanOrEqual(begun)
        expect(fitted.main).toBeLessThanOrEqual(10)
        expect(fitted.settle).toBeGreaterThanOrEqual(1)
        expect(fitted.settle).toBeLessThanOrEqual(3)
        const isWhole = fitted.main === 10 && fitted.settle === 3
        expect(fitted.cutShort).toBe(!isWhole)
      },
    ),
  )
})
