import { dayMs, hourMs } from '../domain/index.ts'
import { createOutcome, placeIn, readOutcome, type FeatureLayout } from './features/index.ts'
import type { ForecastBatch, History } from './forecaster.ts'

/**
 * What yesterday's error says of today, by pool: `lean` is the belief that there was none, in hours of an average series; `part`
 * of the rest is expected again. A day's surprise is shared by a store and by a product in its region, and a fifth of it is
 * there a day later (docs/decisions/0015).
 */
const pools = [
  { name: 'site', part: 0.2, lean: 112 },
  { name: 'productInRegion', part: 0.2, lean: 67 },
] as const

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
  const logs = new Float64Array(count)
  for (const { name, part, lean } of pools) {
    const { place, size } = placeIn(history, name)
    const sums = new Float64Array(size * 2)
    for (let s = 0; s < count; s++) {
      sums[place[s]! * 2]! += came[s]!
      sums[place[s]! * 2 + 1]! += expected[s]!
    }
    const belief = lean * layout.level
    for (let s = 0; s < count; s++) {
      const pool = place[s]! * 2
      logs[s]! += part * Math.log((sums[pool]! + belief) / (sums[pool + 1]! + belief))
    }
  }
  return Float32Array.from(logs, Math.exp)
}

/** In place: all that was forecast of a series is more or less by its factor. */
export function applyFactors(batch: ForecastBatch, factors: Float32Array): void {
  const count = factors.length
  for (const values of [batch.mean, batch.quantiles, batch.hourMean, batch.hourQuantiles]) {
    const per = values.length / count
    for (let at = 0; at < values.length; at++) values[at]! *= factors[Math.floor(at / per)]!
  }
}
