import { dayMs, hourMs } from '../domain/index.ts'
import { createOutcome, placeIn, readOutcome, type FeatureLayout } from './features/index.ts'
import type { ForecastBatch, History } from './forecaster.ts'

/**
 * What yesterday's error of a pool says of today, beside the error that all series have in common: `lean` is the belief that
 * there was none, in hours of an average series; `part` of the rest is expected again. A day's surprise is shared by a store and
 * by a product in its region (docs/decisions/0015).
 */
const part = 0.1
const pools = [
  { name: 'site', lean: 112 },
  { name: 'productInRegion', lean: 67 },
] as const
const commonLean = 112

/** Days of history without which yesterday's forecast says little. */
const fewestDays = 8

/** Whether errors of the day before an origin (epoch ms) say anything. */
export function hasRecentErrors(history: History, layout: FeatureLayout, origin: number): boolean {
  return layout.target === 'demand' && origin - fewestDays * dayMs >= history.from
}

/** Means of the hours that were forecast at an origin; `answered` is 0 where none was. */
export type RecentMeans = Pick<ForecastBatch, 'origin' | 'hourMean' | 'answered'>

/** Those of the series that were in stock in one of the 12 hours from `origin` on at least. */
export function inStock(history: History, series: Int32Array, origin: number): Int32Array {
  const start = Math.round((origin - history.from) / hourMs)
  const outcome = createOutcome()
  return series.filter((s) => readOutcome(history, s, start, outcome).whole.includes(1))
}

/**
 * A factor for each series on what is forecast at `origin`, from the means forecast for the same hours of the day before
 * (`yesterday`) and what came of them while it was in stock: who left out the days that ran dry would leave out the best.
 */
export function recentFactors(
  history: History,
  layout: FeatureLayout,
  yesterday: RecentMeans,
): Float32Array {
  const count = history.series.length
  const start = Math.round((yesterday.origin - history.from) / hourMs)
  const came = new Float64Array(count)
  const expected = new Float64Array(count)
  const outcome = createOutcome()
  for (let s = 0; s < count; s++) {
    if (yesterday.answered[s] === 0) continue
    readOutcome(history, s, start, outcome)
    for (let j = 0; j < 12; j++) {
      if (outcome.whole[j] === 0) continue
      came[s]! += outcome.hours[j]!
      expected[s]! += yesterday.hourMean[s * 12 + j]!
    }
  }
  // Hours before a shelf ran dry sell more than was expected of them, so together they are too high on any day.
  const common = surprise(sumOf(came), sumOf(expected), commonLean * layout.level)
  const logs = new Float64Array(count)
  for (const { name, lean } of pools) {
    const { place, size } = placeIn(history, name)
    const sums = new Float64Array(size * 2)
    for (let s = 0; s < count; s++) {
      sums[place[s]! * 2]! += came[s]!
      sums[place[s]! * 2 + 1]! += expected[s]!
    }
    const belief = lean * layout.level
    for (let s = 0; s < count; s++) {
      const pool = place[s]! * 2
      logs[s]! += part * (surprise(sums[pool]!, sums[pool + 1]!, belief) - common)
    }
  }
  return Float32Array.from(logs, Math.exp)
}

function surprise(came: number, expected: number, belief: number): number {
  return Math.log((came + belief) / (expected + belief))
}

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0)
}

/** In place: all that was forecast of a series is more or less by its factor. */
export function applyFactors(batch: ForecastBatch, factors: Float32Array): void {
  const count = factors.length
  for (const values of [batch.mean, batch.quantiles, batch.hourMean, batch.hourQuantiles]) {
    const per = values.length / count
    for (let at = 0; at < values.length; at++) values[at]! *= factors[Math.floor(at / per)]!
  }
}
