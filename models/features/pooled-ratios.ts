import type { History, SeriesHistory } from '../forecaster.ts'
import type { Expectation } from './expectation.ts'
import { plannedInputs, type FeatureLayout } from './layout.ts'
import { createPastDays, measureAlikeness, measurePastDays, pastDayCount } from './past-days.ts'
import { createPastHours, pastHourCount, readPastHours } from './past-hours.ts'
import type { Places } from './pools.ts'

/**
 * How a series itself, its site, product, category and region, and where they meet, sell against their own level lately:
 * what all of them have in common today, one series alone is too thin to tell. Never how much a place sells: that is an identity
 * in disguise, and a small city is learnt by heart from it.
 */
const spans = [
  'today',
  'half',
  'day',
  'yesterday',
  'days3',
  'weekAgo',
  'week',
  'alike',
  'fading',
] as const

const width = spans.length
/** Inputs of a pool: a ratio for each span, and the spread. */
const perPool = width + 1
/** Sums of a pool: sold by span, usual by span, distance, its weight. */
const perSums = width * 2 + 2

export function pooledInputNames({ pools }: FeatureLayout): readonly string[] {
  return ['self', ...pools].flatMap((group) => [
    ...spans.map((span) => `${group}.${span}`),
    `${group}.spread`,
  ])
}

/** Writes the pooled inputs of series `s` into `row` from `at`; returns where the next input goes. */
export type WritePooled = (row: Float32Array, at: number, s: number) => number

/** The log of sold over expected in stock, leaning on 1 where little was expected. `places` in the order of `layout.pools`. */
export function poolRatios(
  history: History,
  origin: number,
  layout: FeatureLayout,
  expectation: Expectation,
  places: readonly Places[],
  localHour: Int8Array,
): WritePooled {
  const count = history.series.length
  const sums = new Float64Array(count * perSums)
  const measure = createMeasure(origin, plannedInputs(layout), expectation.month)
  for (let s = 0; s < count; s++) {
    measure(history.series[s]!, s * 24, localHour[s]!, sums.subarray(s * perSums))
  }
  const self = ratiosOf(sums, count, layout.level * 3)
  const pooled = places.map(({ place, size }) => {
    const pools = new Float64Array(size * perSums)
    for (let s = 0; s < count; s++) {
      const pool = place[s]! * perSums
      for (let k = 0; k < perSums; k++) pools[pool + k]! += sums[s * perSums + k]!
    }
    return ratiosOf(pools, size, layout.level * 6)
  })
  return (row, at, s) => {
    at = copyRatios(self, s, row, at)
    for (let p = 0; p < places.length; p++)
      at = copyRatios(pooled[p]!, places[p]!.place[s]!, row, at)
    return at
  }
}

function copyRatios(ratios: Float32Array, i: number, row: Float32Array, at: number): number {
  for (let k = 0; k < perPool; k++) row[at + k] = ratios[i * perPool + k]!
  return at + perPool
}

function ratiosOf(sums: Float64Array, count: number, leaning: number): Float32Array {
  const ratios = new Float32Array(count * perPool)
  for (let i = 0; i < count; i++) {
    const from = i * perSums
    const to = i * perPool
    for (let k = 0; k < width; k++) {
      ratios[to + k] = Math.log((sums[from + k]! + leaning) / (sums[from + width + k]! + leaning))
    }
    ratios[to + width] = Math.sqrt(
      sums[from + 2 * width]! / (sums[from + 2 * width + 1]! + leaning),
    )
  }
  return ratios
}

const fadings = Float64Array.from({ length: pastDayCount }, (_, day) => 0.8 ** day)

/** Adds the sums of one series into zeros. What is usual of it lies at `month[first + j]`. */
function createMeasure(
  origin: number,
  planned: readonly string[],
  month: Float32Array,
): (series: SeriesHistory, first: number, localHour: number, into: Float64Array) => void {
  const past = createPastHours()
  const days = createPastDays()
  const alike = new Float64Array(pastDayCount)
  const { windowSold, windowUsual, restSold, restUsual } = days

  return (series, first, localHour, into) => {
    readPastHours(series, origin, past)
    measurePastDays(past, month, first, days)
    measureAlikeness(series, origin, planned, alike)
    const hours = localHour < 3 ? 6 : localHour
    for (let j = 24 - hours; j < 24; j++) {
      const at = pastHourCount - 24 + j
      into[0]! += past.sold[at]!
      into[width]! += month[first + j]! * past.share[at]!
    }
    for (let day = 0; day < pastDayCount; day++) {
      const ws = windowSold[day]!
      const wu = windowUsual[day]!
      const sold = ws + restSold[day]!
      const usual = wu + restUsual[day]!
      if (day === 0) {
        into[1] = restSold[day]!
        into[width + 1] = restUsual[day]!
        into[2] = sold
        into[width + 2] = usual
        into[3] = ws
        into[width + 3] = wu
      }
      if (day < 3) {
        into[4]! += sold
        into[width + 4]! += usual
      }
      if (day === 6) {
        into[5] = ws
        into[width + 5] = wu
      }
      if (day < 7) {
        into[6]! += sold
        into[width + 6]! += usual
      }
      into[7]! += ws * alike[day]!
      into[width + 7]! += wu * alike[day]!
      into[8]! += ws * fadings[day]!
      into[width + 8]! += wu * fadings[day]!
      into[2 * width]! += Math.abs(ws - wu)
      into[2 * width + 1]! += wu
    }
  }
}
