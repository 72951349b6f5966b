import type { History } from '../forecaster.ts'
import type { Expectation } from './expectation.ts'
import type { FeatureLayout } from './layout.ts'
import { createPastDays, measurePastDays, pastDayCount } from './past-days.ts'
import { createPastHours, pastHourCount, readPastHours } from './past-hours.ts'

const pastDays = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 21, 28] as const
const wholeDays = [1, 2, 3, 4, 5, 6, 7] as const
const recentHours = 24
/** Places of the last day and week in the past hours. */
const dayStart = pastHourCount - 24
const weekStart = pastHourCount - 168
const spans = [3, 6, 12, 24] as const
const spreadLevels = [0.1, 0.25, 0.5, 0.75, 0.9] as const

const times = (count: number, name: string): string[] =>
  Array.from({ length: count }, (_, i) => `${name}${i}`)

export const seriesInputNames: readonly string[] = [
  'scale',
  'level',
  'history',
  'zeroShare',
  'sinceLastSale',
  'inStock28',
  'inStock7',
  'inStock1',
  'spread',
  'sameWeekday',
  ...spreadLevels.map((p) => `window${p}`),
  ...pastDays.flatMap((day) => [`windowBack${day}`, `windowSeen${day}`]),
  ...wholeDays.map((day) => `dayBack${day}`),
  ...spans.map((hours) => `last${hours}h`),
  ...times(recentHours, 'recent'),
  ...times(recentHours, 'recentSeen'),
  ...times(12, 'month'),
  ...times(12, 'week'),
  ...times(12, 'yesterday'),
  ...times(12, 'weekAgo'),
]

/** Amounts are shares of what was expected, through log1p, so that one good day does not drown the rest. */
const squash = (ratio: number): number => Math.log1p(ratio > 0 ? ratio : 0)

/** Writes the series' own past into `row` from `at`; returns where the next input goes. */
export type WriteSeries = (row: Float32Array, at: number, s: number) => number

/** What a row needs is measured once into columns that all rows share. */
export function createSeriesInputs(
  history: History,
  origin: number,
  layout: FeatureLayout,
  expectation: Expectation,
): WriteSeries {
  const { month, week } = expectation
  const past = createPastHours()
  const { share, sold } = past
  const days = createPastDays()
  const filled = new Float64Array(pastDayCount)
  const windows = new Float64Array(pastDayCount)

  return (row, at, s) => {
    const scale = expectation.scale[s]!
    const hourly = scale / 12
    const usual = s * 24
    readPastHours(history.series[s]!, origin, past)
    measurePastDays(past, month, usual, days)
    let windowExpected = 0
    let dayExpected = 0
    for (let j = 0; j < 24; j++) {
      dayExpected += month[usual + j]!
      if (j === 11) windowExpected = dayExpected
    }

    // Sold plus what was expected of the time out of stock, over what was expected.
    let whole = 0
    let mean = 0
    let weekday = 0
    for (let day = 0; day < pastDayCount; day++) {
      const hidden = days.windowHidden[day]!
      const ratio = windowExpected > 0 ? (days.windowSold[day]! + hidden) / windowExpected : 1
      filled[day] = ratio
      if (day % 7 === 6) weekday += ratio / 4
      if (windowExpected > 0 && 1 - hidden / windowExpected > 0.5) {
        mean += ratio
        insert(windows, whole++, ratio)
      }
    }
    mean /= Math.max(1, whole)
    let variance = 0
    for (let i = 0; i < whole; i++) variance += (windows[i]! - mean) ** 2
    variance /= Math.max(1, whole)

    let zeros = 0
    let known = 0
    let sinceLastSale = 0
    let hasSold = false
    let stockDay = 0
    let stockWeek = 0
    for (let i = pastHourCount - 1; i >= weekStart; i--) {
      stockWeek += share[i]!
      if (i >= dayStart) stockDay += share[i]!
      if (share[i]! <= 0) continue
      known++
      if (sold[i]! > 0) hasSold = true
      else zeros++
      if (!hasSold) sinceLastSale++
    }

    row[at++] = Math.log(scale / (12 * layout.level))
    row[at++] = Math.log((expectation.level[s]! + 1e-6) / layout.level)
    row[at++] = Math.log1p(expectation.seen[s]!)
    row[at++] = known > 0 ? zeros / known : 1
    row[at++] = Math.log1p(sinceLastSale)
    row[at++] = expectation.seen[s]! / (28 * 24)
    row[at++] = stockWeek / 168
    row[at++] = stockDay / 24
    row[at++] = squash(Math.sqrt(variance))
    row[at++] = squash(weekday)
    for (const p of spreadLevels) {
      row[at++] = squash(whole > 0 ? windows[Math.round(p * (whole - 1))]! : 1)
    }
    for (const day of pastDays) {
      row[at++] = squash(filled[day - 1]!)
      row[at++] = windowExpected > 0 ? 1 - days.windowHidden[day - 1]! / windowExpected : 0
    }
    for (const day of wholeDays) {
      const all =
        days.windowSold[day - 1]! +
        days.windowHidden[day - 1]! +
        days.restSold[day - 1]! +
        days.restHidden[day - 1]!
      row[at++] = squash(dayExpected > 0 ? all / dayExpected : 1)
    }
    let i = pastHourCount
    let amount = 0
    let expected = 0
    for (const hours of spans) {
      while (i > pastHourCount - hours) {
        i--
        const past = month[usual + i - dayStart]!
        amount += sold[i]! + past * (1 - share[i]!)
        expected += past
      }
      row[at++] = squash(expected > 0 ? amount / expected : 1)
    }
    for (let i = pastHourCount - 1; i >= dayStart; i--) row[at++] = squash(sold[i]! / hourly)
    for (let i = pastHourCount - 1; i >= dayStart; i--) row[at++] = share[i]!
    for (let j = 0; j < 12; j++) row[at++] = squash(month[usual + j]! / hourly)
    for (let j = 0; j < 12; j++) row[at++] = squash(week[usual + j]! / hourly)
    for (const start of [dayStart, weekStart]) {
      for (let j = 0; j < 12; j++) {
        const hidden = month[usual + j]! * (1 - share[start + j]!)
        row[at++] = squash((sold[start + j]! + hidden) / hourly)
      }
    }
    return at
  }
}

/** Keeps the first `count` entries and `value` sorted. */
function insert(sorted: Float64Array, count: number, value: number): void {
  let i = count
  for (; i > 0 && sorted[i - 1]! > value; i--) sorted[i] = sorted[i - 1]!
  sorted[i] = value
}
