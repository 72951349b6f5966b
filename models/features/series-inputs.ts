import type { History } from '../forecaster.ts'
import { inStock, type Expectation } from './expectation.ts'
import type { FeatureLayout } from './layout.ts'

const pastDays = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 21, 28] as const
const wholeDays = [1, 2, 3, 4, 5, 6, 7] as const
const recentHours = 24
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
const squash = (ratio: number): number => Math.log1p(Math.max(0, ratio))

/** Writes the series' own past into `row` from `at`; returns where the next input goes. */
export function writeSeriesInputs(
  row: Float32Array,
  at: number,
  s: number,
  context: {
    readonly history: History
    readonly origin: number
    readonly layout: FeatureLayout
    readonly expectation: Expectation
  },
): number {
  const { history, origin, layout, expectation } = context
  const series = history.series[s]!
  const scale = expectation.scale[s]!
  const hourly = scale / 12
  const month = (j: number): number => expectation.month[s * 24 + j]!

  /** Sold plus what was expected of the time out of stock, and the share of the expectation that was in stock. */
  const measure = (start: number, hours: number): { filled: number; seen: number } => {
    let sold = 0
    let expected = 0
    let hidden = 0
    for (let i = 0; i < hours; i++) {
      const hour = start + i
      const usual = month((((hour - origin) % 24) + 24) % 24)
      const share = inStock(series, hour)
      if (share > 0) sold += series.value[hour]!
      hidden += usual * (1 - share)
      expected += usual
    }
    return expected > 0
      ? { filled: (sold + hidden) / expected, seen: 1 - hidden / expected }
      : { filled: 1, seen: 0 }
  }

  const byDay = Array.from({ length: 28 }, (_, i) => measure(origin - 24 * (i + 1), 12))
  const windows = byDay.flatMap(({ filled, seen }) => (seen > 0.5 ? [filled] : []))
  windows.sort((a, b) => a - b)
  const mean = windows.reduce((sum, value) => sum + value, 0) / Math.max(1, windows.length)
  const variance =
    windows.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, windows.length)

  let zeros = 0
  let known = 0
  let sinceLastSale = 0
  let hasSold = false
  for (let hour = origin - 1; hour >= Math.max(0, origin - 168); hour--) {
    const share = inStock(series, hour)
    if (share <= 0) continue
    known++
    if (series.value[hour]! > 0) hasSold = true
    else zeros++
    if (!hasSold) sinceLastSale++
  }
  const stockShare = (hours: number): number => {
    let sum = 0
    for (let i = 1; i <= hours; i++) sum += inStock(series, origin - i)
    return sum / hours
  }
  let weekday = 0
  for (let back = 7; back <= 28; back += 7) weekday += byDay[back - 1]!.filled / 4

  const put = (value: number): void => {
    row[at++] = value
  }
  put(Math.log(scale / (12 * layout.level)))
  put(Math.log((expectation.level[s]! + 1e-6) / layout.level))
  put(Math.log1p(expectation.seen[s]!))
  put(known > 0 ? zeros / known : 1)
  put(Math.log1p(sinceLastSale))
  put(expectation.seen[s]! / (28 * 24))
  put(stockShare(168))
  put(stockShare(24))
  put(squash(Math.sqrt(variance)))
  put(squash(weekday))
  for (const p of spreadLevels) {
    const index = Math.round(p * (windows.length - 1))
    put(squash(windows[index] ?? 1))
  }
  for (const day of pastDays) {
    const { filled, seen } = byDay[day - 1]!
    put(squash(filled))
    put(seen)
  }
  for (const day of wholeDays) put(squash(measure(origin - 24 * day, 24).filled))
  for (const hours of spans) put(squash(measure(origin - hours, hours).filled))
  for (let i = 1; i <= recentHours; i++) {
    const share = inStock(series, origin - i)
    put(share > 0 ? squash(series.value[origin - i]! / hourly) : 0)
  }
  for (let i = 1; i <= recentHours; i++) put(inStock(series, origin - i))
  for (let j = 0; j < 12; j++) put(squash(month(j) / hourly))
  for (let j = 0; j < 12; j++) put(squash(expectation.week[s * 24 + j]! / hourly))
  for (const back of [24, 168]) {
    for (let j = 0; j < 12; j++) {
      const hour = origin - back + j
      const share = inStock(series, hour)
      const sold = share > 0 ? series.value[hour]! : 0
      put(squash((sold + month(j) * (1 - share)) / hourly))
    }
  }
  return at
}
