import { expect, test } from 'vitest'
import { dayMs } from '../domain/index.ts'
import type { FeatureLayout } from './features/index.ts'
import { emptyBatch } from './forecast-batch.ts'
import type { History } from './forecaster.ts'
import { applyFactors, hasRecentErrors, recentFactors } from './recent-errors.ts'

const days = 10
const origin = 9 * dayMs
const layout = { target: 'demand', level: 1 } as FeatureLayout

/** Two stores of 30 products with a sale each hour; the first store sells three times as much on the last day but one. */
function createHistory(
  change: (value: Float32Array, s: number) => void = () => undefined,
): History {
  return {
    target: 'demand',
    from: 0,
    hours: 24 * days,
    series: Array.from({ length: 60 }, (_, s) => {
      const value = new Float32Array(24 * days).fill(1)
      if (s < 30) value.fill(3, 24 * 8, 24 * 9)
      change(value, s)
      return {
        ...{ site: s < 30 ? 'busy' : 'calm', product: `P${s % 30}`, device: null },
        ...{ timeZone: 'UTC', statics: { region: s < 30 ? 'north' : 'south' }, known: {} },
        value,
        outMinutes: new Uint8Array(24 * days),
      }
    }),
  }
}

function forecastTwelve(): ReturnType<typeof emptyBatch> {
  const batch = emptyBatch(origin - dayMs, 60)
  batch.answered.fill(1)
  batch.mean.fill(12)
  batch.hourMean.fill(1)
  return batch
}

test('a store that sold more of the forecast than others is expected to do so again, by part of it', () => {
  const factors = recentFactors(createHistory(), layout, forecastTwelve())
  // By hand: store (30 x 36 + 112) over (30 x 12 + 112), product (36 + 67) over (12 + 67), each over what all have in
  // common, (1440 + 112) over (720 + 112), and a tenth of each as a power.
  const common = 1552 / 832
  const expected = (1192 / 472 / common) ** 0.1 * (103 / 79 / common) ** 0.1
  for (let s = 0; s < 30; s++) expect(factors[s]).toBeCloseTo(expected, 5)
  for (let s = 30; s < 60; s++) expect(factors[s]).toBeCloseTo(common ** -0.2, 5)
})

test('what all series have in common is not expected again', () => {
  const history = createHistory((value) => value.fill(5, 24 * 8, 24 * 9))
  const forecast = forecastTwelve()
  forecast.hourMean.fill(4)
  const factors = recentFactors(history, { ...layout, level: 1e-9 }, forecast)
  for (const factor of factors) expect(factor).toBeCloseTo(1, 6)
})

test('hours out of stock yesterday say nothing, but those before a shelf ran dry do', () => {
  const history = createHistory()
  for (const { outMinutes } of history.series) outMinutes.fill(60, 24 * 8, 24 * 9)
  expect([...recentFactors(history, layout, forecastTwelve())]).toEqual(new Array(60).fill(1))
  const dry = createHistory()
  for (const { value, outMinutes } of dry.series) {
    value.fill(0, 24 * 8 + 4, 24 * 9)
    outMinutes.fill(60, 24 * 8 + 4, 24 * 9)
  }
  // Four hours of three each, where one was expected.
  const common = (480 + 112) / (240 + 112)
  const expected = (472 / 232 / common) ** 0.1 * (79 / 71 / common) ** 0.1
  const factors = recentFactors(dry, layout, forecastTwelve())
  expect(factors[0]).toBeCloseTo(expected, 5)
  expect(factors[59]).toBeCloseTo(common ** -0.2, 5)
})

test('hours from the origin on, and those after the window of yesterday, say nothing', () => {
  const changed = createHistory((value) => value.fill(50, 24 * 8 + 12))
  expect(recentFactors(changed, layout, forecastTwelve())).toEqual(
    recentFactors(createHistory(), layout, forecastTwelve()),
  )
})

test('yesterday is asked only where there was a week before it', () => {
  expect(hasRecentErrors(createHistory(), layout, 8 * dayMs)).toBe(true)
  expect(hasRecentErrors(createHistory(), layout, 8 * dayMs - 1)).toBe(false)
  expect(hasRecentErrors(createHistory(), { ...layout, target: 'footfall' }, origin)).toBe(false)
})

test('all that is forecast of a series moves by its factor', () => {
  const batch = emptyBatch(origin, 2)
  for (const values of [batch.mean, batch.quantiles, batch.hourMean, batch.hourQuantiles]) {
    values.fill(2)
  }
  applyFactors(batch, Float32Array.of(1, 1.5))
  for (const values of [batch.mean, batch.quantiles, batch.hourMean, batch.hourQuantiles]) {
    expect(new Set(values.subarray(0, values.length / 2))).toEqual(new Set([2]))
    expect(new Set(values.subarray(values.length / 2))).toEqual(new Set([3]))
  }
})
