import type { History } from '../forecaster.ts'
import type { FeatureLayout } from './layout.ts'
import { createPastHours, pastHourCount, readPastHours, type PastHours } from './past-hours.ts'
import type { Places } from './pools.ts'

/**
 * What each series usually sells in the hour `j` (0..23) after the origin, from the same hours of the 28 and of the 7 days
 * before it, counting the time in stock only and leaning on the mean of its product and of all where there is little of it.
 * Flat rows [series][24]. `scale` is what is expected of the 12 hours; targets and inputs are divided by it.
 */
export interface Expectation {
  readonly month: Float32Array
  readonly week: Float32Array
  readonly scale: Float32Array
  /** What is usual of the 12 hours ahead, flat rows [series][12]: their share of the scale. */
  readonly ahead: Float32Array
  /** Mean amount per hour in stock. */
  readonly level: Float32Array
  /** Hours in stock that were seen in the 28 days. */
  readonly seen: Float32Array
}

/** Strength of the belief before the data, in hours in stock: of the level, of an hour of the day, of the week against the month. */
const levelPriorHours = 12
export const hourPriorHours = 3
const weekPriorHours = 1.5

/** `localHour` is each series' local hour of the day at the origin. */
export function expectSales(
  history: History,
  origin: number,
  layout: FeatureLayout,
  products: Places,
  localHour: Int8Array,
): Expectation {
  const count = history.series.length
  const answer: Expectation = {
    month: new Float32Array(count * 24),
    week: new Float32Array(count * 24),
    scale: new Float32Array(count),
    ahead: new Float32Array(count * 12),
    level: new Float32Array(count),
    seen: new Float32Array(count),
  }
  const monthWeight = new Float32Array(count * 24)
  const weekWeight = new Float32Array(count * 24)
  const totals = new Float64Array(count)
  const weights = new Float64Array(count)
  const poolTotals = new Float64Array(products.size)
  const poolWeights = new Float64Array(products.size)
  const past = createPastHours()
  const sums: HourSums = { month: answer.month, monthWeight, week: answer.week, weekWeight }
  for (let s = 0; s < count; s++) {
    readPastHours(history.series[s]!, origin, past)
    addHours(past, s * 24, sums)
    // Weighing by the profile keeps a series seen only by night from looking slow all day.
    let total = 0
    let weight = 0
    for (let j = 0; j < 24; j++) {
      total += answer.month[s * 24 + j]!
      weight += monthWeight[s * 24 + j]! * layout.profile[(localHour[s]! + j) % 24]!
    }
    totals[s] = total
    weights[s] = weight
    poolTotals[products.place[s]!]! += total
    poolWeights[products.place[s]!]! += weight
  }

  for (let s = 0; s < count; s++) {
    const pool = products.place[s]!
    const usual =
      (poolTotals[pool]! + layout.level * levelPriorHours) / (poolWeights[pool]! + levelPriorHours)
    const level = (totals[s]! + usual * levelPriorHours) / (weights[s]! + levelPriorHours)
    let scale = 0
    let seen = 0
    for (let j = 0; j < 24; j++) {
      const at = s * 24 + j
      const before = level * layout.profile[(localHour[s]! + j) % 24]!
      answer.month[at] =
        (answer.month[at]! + before * hourPriorHours) / (monthWeight[at]! + hourPriorHours)
      answer.week[at] =
        (answer.week[at]! + answer.month[at] * weekPriorHours) / (weekWeight[at]! + weekPriorHours)
      if (j < 12) {
        scale += answer.month[at]
        answer.ahead[s * 12 + j] = answer.month[at]
      }
      seen += monthWeight[at]!
    }
    answer.level[s] = level
    answer.seen[s] = seen
    answer.scale[s] = Math.max(scale, layout.level * 1e-3)
  }
  return answer
}

interface HourSums {
  readonly month: Float32Array
  readonly monthWeight: Float32Array
  readonly week: Float32Array
  readonly weekWeight: Float32Array
}

const weekStart = pastHourCount - 7 * 24

/** Adds up the hours of the 28 days by their place in the day, into the 24 places from `first` on. */
function addHours(
  { share, sold }: PastHours,
  first: number,
  { month, monthWeight, week, weekWeight }: HourSums,
): void {
  for (let j = 0; j < 24; j++) {
    let amount = 0
    let weight = 0
    let i = j
    for (; i < weekStart; i += 24) {
      amount += sold[i]!
      weight += share[i]!
    }
    let lately = 0
    let latelyWeight = 0
    for (; i < pastHourCount; i += 24) {
      lately += sold[i]!
      latelyWeight += share[i]!
    }
    month[first + j] = amount + lately
    monthWeight[first + j] = weight + latelyWeight
    week[first + j] = lately
    weekWeight[first + j] = latelyWeight
  }
}

/** Unit of an hour's amount relative to the row's scale: its usual share, and a little of the average so that none is zero. */
export function hourUnit(usual: number, scale: number): number {
  return usual + (0.05 * scale) / 12
}
