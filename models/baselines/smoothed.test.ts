import { expect, test } from 'vitest'
import { hourMs, quantileLevels } from '../../domain/index.ts'
import { makeSyntheticHistory, syntheticOrigin } from '../../test/models/synthetic-history.ts'
import { scoreForecasters } from '../backtest.ts'
import type { Forecaster, History, SeriesHistory } from '../forecaster.ts'
import { smoothed, smoothingSettings } from './smoothed.ts'

const from = Date.UTC(2026, 0, 5)
const days = 28

function seriesOf(valueAt: (day: number, hour: number) => number, outAt = () => 0): SeriesHistory {
  const value = Float32Array.from({ length: days * 24 }, (_, at) =>
    valueAt(Math.floor(at / 24), at % 24),
  )
  return {
    ...{ site: 's', product: 'p', device: null, timeZone: 'UTC', statics: {}, known: {} },
    value,
    outMinutes: Uint8Array.from({ length: days * 24 }, outAt),
  }
}
const historyOf = (...series: SeriesHistory[]): History => ({
  ...{ target: 'demand', from, hours: days * 24, series },
})
const midnight = from + days * 24 * hourMs

test('the level is what exponential smoothing of the daily sums gives, one store of one series', () => {
  const sums = Array.from({ length: days }, (_, day) => 24 + ((day * 7) % 11))
  const history = historyOf(seriesOf((day) => sums[day]! / 24))
  const only = { ...smoothingSettings, storeNewest: smoothingSettings.newest, weekdayWeeks: 1e9 }
  let level = sums.reduce((sum, x) => sum + x, 0) / days
  for (const sum of sums.slice(1)) level += only.newest * (sum - level)
  expect(smoothed(history, midnight, only).mean[0]).toBeCloseTo(level / 2, 3)
})

test('hours out of stock neither lower the level nor count as windows', () => {
  const steady = seriesOf((_, hour) => (hour < 12 ? 2 : 4))
  const dry = {
    ...steady,
    value: steady.value.map((amount, at) => (at % 24 >= 18 && at % 48 >= 24 ? 0 : amount)),
    outMinutes: steady.outMinutes.map((_, at) => (at % 24 >= 18 && at % 48 >= 24 ? 60 : 0)),
  }
  expect(smoothed(historyOf(steady), midnight).mean[0]).toBeCloseTo(24, 3)
  expect(smoothed(historyOf(dry), midnight).mean[0]).toBeCloseTo(24, 3)
})

test('a weekday on which a store sells double is expected to be double, less what one doubts of it', () => {
  const history = historyOf(seriesOf((day) => (day % 7 === 0 ? 2 : 1)))
  const sure = smoothed(history, midnight, { ...smoothingSettings, weekdayWeeks: 0 })
  const calm = smoothed(history, midnight, { ...smoothingSettings, weekdayWeeks: 1e9 })
  expect(sure.mean[0]! / calm.mean[0]!).toBeGreaterThan(1.6)
})

test('its quantiles rise and cover what they say on sales that come by chance', () => {
  const history = makeSyntheticHistory({ sites: 6, products: 10, days: 49, seed: 11 })
  const origins = Array.from({ length: 14 }, (_, i) =>
    syntheticOrigin(42 + Math.floor(i / 2), i % 2 === 0 ? 6 : 10),
  )
  const forecaster: Forecaster = { name: 'smoothed', forecast: (past, at) => smoothed(past, at) }
  const [{ scores } = expect.fail('no scores')] = scoreForecasters(history, [forecaster], origins)
  expect(scores.crossings).toBe(0)
  expect(Math.abs(scores.wpe)).toBeLessThan(0.1)
  for (const k of [4, 6, 7]) {
    expect(
      Math.abs(scores.coverage[k]! - quantileLevels[k]!),
      `${quantileLevels[k]!}`,
    ).toBeLessThan(0.08)
  }
})

test('its hours cover what they say, whatever unit is counted in: pieces, tenths of one, or people by the hundred', () => {
  const history = makeSyntheticHistory({ sites: 4, products: 10, days: 35, seed: 11 })
  const inUnitsOf = (unit: number): History => ({
    ...history,
    series: history.series.map((series) => ({
      ...series,
      value: series.value.map((amount) => amount * unit),
    })),
  })
  let hours = 0
  let below = 0
  for (let day = 28; day < 35; day++) {
    const { hourQuantiles } = smoothed(history, syntheticOrigin(day, 9))
    history.series.forEach(({ value, outMinutes }, s) => {
      for (let j = 0; j < 12; j++) {
        const hour = day * 24 + 9 + j
        if (outMinutes[hour]! > 0) continue
        hours++
        if (value[hour]! <= hourQuantiles[(s * 12 + j) * 9 + 6]!) below++
      }
    })
  }
  expect(Math.abs(below / hours - 0.9)).toBeLessThan(0.04)
  const origin = syntheticOrigin(34, 9)
  const { hourQuantiles } = smoothed(history, origin)
  // Powers of two, which the classes of hours move with.
  for (const unit of [1 / 8, 256]) {
    const scaled = smoothed(inUnitsOf(unit), origin).hourQuantiles
    scaled.forEach((amount, i) => expect(amount / unit).toBeCloseTo(hourQuantiles[i]!, 3))
  }
})
