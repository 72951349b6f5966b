import type { History, SeriesHistory } from '../forecaster.ts'
import type { FeatureLayout } from './layout.ts'

/**
 * What each series usually sells in the hour `j` (0..23) after the origin, from the same hours of the 28 and of the 7 days
 * before it, counting the time in stock only and leaning on the mean of its product and of all where there is little of it.
 * Flat rows [series][24]. `scale` is what is expected of the 12 hours; targets and inputs are divided by it.
 */
export interface Expectation {
  readonly month: Float32Array
  readonly week: Float32Array
  readonly scale: Float32Array
  /** Mean amount per hour in stock. */
  readonly level: Float32Array
  /** Hours in stock that were seen in the 28 days. */
  readonly seen: Float32Array
}

/** Strength of the belief before the data, in hours in stock: of the level, of an hour of the day, of the week against the month. */
const levelPriorHours = 12
const hourPriorHours = 3
const weekPriorHours = 1.5

/** Share of an hour in which the series could sell; 0 where nothing is known. */
export function inStock(series: SeriesHistory, hour: number): number {
  const value = series.value[hour]
  return value === undefined || Number.isNaN(value) ? 0 : 1 - series.outMinutes[hour]! / 60
}

export function expectSales(
  history: History,
  origin: number,
  layout: FeatureLayout,
  localHourOf: (series: number) => number,
): Expectation {
  const count = history.series.length
  const month = { sum: new Float32Array(count * 24), weight: new Float32Array(count * 24) }
  const week = { sum: new Float32Array(count * 24), weight: new Float32Array(count * 24) }
  const byProduct = new Map<string, { sum: number; weight: number }>()
  const totals = { sum: new Float32Array(count), weight: new Float32Array(count) }
  history.series.forEach((series, s) => {
    for (let day = 1; day <= 28 && origin - 24 * day > -24; day++) {
      for (let j = 0; j < 24; j++) {
        const hour = origin - 24 * day + j
        const share = inStock(series, hour)
        if (share <= 0) continue
        const value = series.value[hour]!
        month.sum[s * 24 + j]! += value
        month.weight[s * 24 + j]! += share
        if (day <= 7) {
          week.sum[s * 24 + j]! += value
          week.weight[s * 24 + j]! += share
        }
      }
    }
    // Weighing by the profile keeps a series seen only by night from looking slow all day.
    const first = localHourOf(s) + origin
    for (let j = 0; j < 24; j++) {
      totals.sum[s]! += month.sum[s * 24 + j]!
      totals.weight[s]! += month.weight[s * 24 + j]! * layout.profile[(first + j) % 24]!
    }
    const key = series.product ?? ''
    const pool = byProduct.get(key) ?? { sum: 0, weight: 0 }
    pool.sum += totals.sum[s]!
    pool.weight += totals.weight[s]!
    byProduct.set(key, pool)
  })

  const answer: Expectation = {
    month: new Float32Array(count * 24),
    week: new Float32Array(count * 24),
    scale: new Float32Array(count),
    level: new Float32Array(count),
    seen: new Float32Array(count),
  }
  history.series.forEach((series, s) => {
    const pool = byProduct.get(series.product ?? '')!
    const usual = (pool.sum + layout.level * levelPriorHours) / (pool.weight + levelPriorHours)
    const level = (totals.sum[s]! + usual * levelPriorHours) / (totals.weight[s]! + levelPriorHours)
    const first = localHourOf(s) + origin
    let scale = 0
    let seen = 0
    for (let j = 0; j < 24; j++) {
      const at = s * 24 + j
      const before = level * layout.profile[(first + j) % 24]!
      answer.month[at] =
        (month.sum[at]! + before * hourPriorHours) / (month.weight[at]! + hourPriorHours)
      answer.week[at] =
        (week.sum[at]! + answer.month[at] * weekPriorHours) / (week.weight[at]! + weekPriorHours)
      if (j < 12) scale += answer.month[at]
      seen += month.weight[at]!
    }
    answer.level[s] = level
    answer.seen[s] = seen
    answer.scale[s] = Math.max(scale, layout.level * 1e-3)
  })
  return answer
}
