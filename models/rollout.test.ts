import { expect, test } from 'vitest'
import type { RegisteredModel } from '../domain/index.ts'
import type { BacktestReport } from './backtest.ts'
import { decideRollout } from './rollout.ts'
import type { Comparison } from './scores.ts'

const against = (relative: number, low: number, high: number): Comparison => ({
  ...{ relative, relativeLow: low, relativeHigh: high, by: 'store', units: 30 },
  ...{ difference: relative / 5, low: low / 5, high: high / 5 },
})
const reportOf = (serving: Comparison | null, baseline: Comparison): BacktestReport => ({
  ...{ windows: 900, origins: 14, firstOrigin: 0, lastOrigin: 1, methods: [] },
  comparisons: [
    ...(serving
      ? [{ first: 'model', other: 'v1', all: serving, seenStores: null, unseenStores: null }]
      : []),
    ...['empirical-28d'].map((other) => ({
      ...{ first: 'model', other, all: baseline, seenStores: null, unseenStores: null },
    })),
  ],
  bestBaseline: 'empirical-28d',
})
const serving = { version: 'v1' } as RegisteredModel
const good = against(-0.14, -0.16, -0.12)

test('the first network serves, whatever it is worth, and says what that is', () => {
  const first = { serving: null, isShadowFree: true }
  expect(decideRollout('demand', reportOf(null, good), first)).toEqual({
    state: 'serving',
    reason:
      'It is the first network of demand, 14.0 % better than empirical-28d (12.0 to 16.0) on 900 windows of days that it had not seen.',
  })
  const bad = decideRollout('demand', reportOf(null, against(0.02, -0.01, 0.05)), first)
  expect(bad).toMatchObject({ state: 'serving' })
  expect(bad.reason).toContain('2.0 % worse than empirical-28d (-1.0 to 5.0)')
})

test('another one replaces it only if it beats it and the best baseline, with the whole interval', () => {
  const present = { serving, isShadowFree: true }
  const state = (a: Comparison, b: Comparison): string =>
    decideRollout('demand', reportOf(a, b), present).state
  const better = against(-0.021, -0.03, -0.012)
  expect(decideRollout('demand', reportOf(better, good), present)).toEqual({
    state: 'serving',
    reason:
      'It is 2.1 % better than the serving version v1 (1.2 to 3.0), and 14.0 % better than empirical-28d (12.0 to 16.0) on 900 windows of days that it had not seen.',
  })
  expect(state(against(-0.02, -0.05, 0.01), good)).toBe('shadow')
  expect(state(against(0.02, 0.01, 0.03), good)).toBe('shadow')
  expect(state(better, against(-0.02, -0.05, 0.01))).toBe('shadow')
})

test('one that does not beat it stands by where another has yet to show itself in the shadow', () => {
  const present = { serving, isShadowFree: false }
  const { state } = decideRollout('demand', reportOf(against(0.02, 0.01, 0.03), good), present)
  expect(state).toBe('standby')
})

test('one that was never scored beside the serving one does not replace it', () => {
  const present = { serving, isShadowFree: true }
  expect(decideRollout('demand', reportOf(null, good), present).state).toBe('shadow')
  expect(decideRollout('demand', null, present).reason).toContain('could not be scored beside v1')
})
