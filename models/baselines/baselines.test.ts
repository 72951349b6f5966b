import { expect, test } from 'vitest'
import { hourMs } from '../../domain/index.ts'
import type { History } from '../forecaster.ts'
import { baselines, type BaselineName } from './baselines.ts'
import { quantileOfSorted } from './quantile.ts'

const from = Date.UTC(2026, 0, 5)

function historyOf(
  valueAt: (hour: number) => number,
  hours: number,
  outAt: (hour: number) => number = () => 0,
) {
  const value = Float32Array.from({ length: hours }, (_, hour) => valueAt(hour))
  return {
    target: 'demand',
    from,
    hours,
    series: [
      {
        site: 's',
        product: 'p',
        device: null,
        timeZone: 'UTC',
        statics: {},
        value,
        outMinutes: Uint8Array.from({ length: hours }, (_, hour) => outAt(hour)),
        known: {},
      },
    ],
  } satisfies History
}

function ask(name: BaselineName, history: History, day: number, hour: number) {
  return baselines
    .find((baseline) => baseline.name === name)!
    .forecast(history, from + (day * 24 + hour) * hourMs)
}

/** Day d sells d in each hour. */
const growing = historyOf((hour) => Math.floor(hour / 24), 40 * 24)

test('naive repeats the day before, or the week before', () => {
  expect(ask('naive-24h', growing, 30, 6).mean[0]).toBe(29 * 12)
  expect(ask('naive-168h', growing, 30, 6).mean[0]).toBe(23 * 12)
})

test('naive by the week falls back to the day before where there is no week yet', () => {
  expect(ask('naive-168h', growing, 3, 0).mean[0]).toBe(2 * 12)
})

test('the 7-day mean skips hours out of stock and reaches further back for them', () => {
  expect(ask('mean-7d', growing, 30, 6).mean[0]).toBe(26 * 12)
  const dry = historyOf(
    (hour) => Math.floor(hour / 24),
    40 * 24,
    (hour) => (Math.floor(hour / 24) === 29 ? 60 : 0),
  )
  expect(ask('mean-7d', dry, 30, 6).mean[0]).toBe(25 * 12)
})

test('empirical quantiles are those of the 28 window totals', () => {
  const batch = ask('empirical-28d', growing, 30, 6)
  const totals = Array.from({ length: 28 }, (_, i) => (2 + i) * 12)
  expect(batch.quantiles[4]).toBeCloseTo(quantileOfSorted(totals, 0.5), 4)
  expect(batch.quantiles[0]).toBeCloseTo(quantileOfSorted(totals, 0.01), 4)
  expect(batch.hourQuantiles[4]).toBeCloseTo(15.5, 4)
})

test('a series of which nothing is known is not answered, one day is enough for an answer', () => {
  const unknown = historyOf(() => NaN, 72)
  const young = historyOf((hour) => (hour < 24 ? NaN : 2), 72)
  for (const { name } of baselines) {
    expect(ask(name, unknown, 2, 6).answered[0]).toBe(0)
    expect(ask(name, young, 2, 0).answered[0]).toBe(1)
    expect(ask(name, young, 2, 0).mean[0]).toBeCloseTo(24, 4)
  }
})
