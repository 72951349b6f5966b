import { expect, test } from 'vitest'
import { makeSyntheticHistory, syntheticOrigin } from '../test/models/synthetic-history.ts'
import { backtest } from './backtest.ts'
import { baselines } from './baselines/index.ts'
import { describeReport } from './describe-report.ts'
import { splitSellers } from './seller-classes.ts'

const history = makeSyntheticHistory({ sites: 6, products: 5, days: 42, seed: 2 })
const origins = [35, 36, 37].flatMap((day) => [syntheticOrigin(day, 6), syntheticOrigin(day, 10)])
const report = backtest(history, baselines, origins, {
  seed: 1,
  seenSites: new Set(['s0', 's1', 's2', 's3']),
})

test('every group of windows is told apart, and together they are all of them', () => {
  for (const method of report.methods) {
    const sum = (groups: readonly ({ windows: number } | null)[]): number =>
      groups.reduce((total, group) => total + (group?.windows ?? 0), 0)
    expect(method.all.windows).toBe(report.windows)
    expect(sum([method.lowSellers, method.highSellers])).toBe(report.windows)
    expect(sum([method.seenStores, method.unseenStores])).toBe(report.windows)
    expect(method.byHour.map(({ hour }) => hour)).toEqual([6, 10])
    expect(sum(method.byHour.map(({ scores }) => scores))).toBe(report.windows)
  }
})

test('the best baseline is the one of the least loss besides the first', () => {
  const others = report.methods.slice(1)
  const least = others.toSorted((a, b) => a.all.wql - b.all.wql)[0]!
  expect(report.bestBaseline).toBe(least.name)
  expect(report.comparisons.map(({ other }) => other)).toEqual(others.map(({ name }) => name))
})

test('half of the series with windows sell more than the median, those that sell most', () => {
  const isHigh = splitSellers(history, origins[0]!, Int32Array.from(history.series.keys()))
  expect(isHigh.filter((one) => one)).toHaveLength(15)
  const sums = history.series.map(({ value }) => value.reduce((sum, amount) => sum + amount, 0))
  const meanOf = (want: boolean): number =>
    sums.filter((_, s) => isHigh[s] === want).reduce((sum, x) => sum + x, 0) / 15
  expect(meanOf(true)).toBeGreaterThan(1.5 * meanOf(false))
})

test('the table names every method, quantile and hour', () => {
  const text = describeReport(report)
  for (const { name } of baselines) expect(text).toContain(name)
  expect(text).toMatch(/0\.01 +0\.05 +0\.10 +0\.25 +0\.50 +0\.75 +0\.90 +0\.95 +0\.99/)
  expect(text).toContain('10:00')
  expect(text).toContain('stores it never saw')
})

test('without a window in stock there is nothing to say', () => {
  const late = backtest(history, baselines, [syntheticOrigin(41, 20)], { seed: 1 })
  expect(late).toMatchObject({ windows: 0, methods: [], bestBaseline: null })
})
