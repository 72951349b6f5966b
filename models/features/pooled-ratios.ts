import type { History } from '../forecaster.ts'
import { inStock, type Expectation } from './expectation.ts'
import type { FeatureLayout } from './layout.ts'
import { pastDayCount, type PastDays } from './past-days.ts'
import { placeIn, type Pool } from './pools.ts'

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

export function pooledInputNames({ pools }: FeatureLayout): readonly string[] {
  return ['self', ...pools].flatMap((group) => [
    ...spans.map((span) => `${group}.${span}`),
    `${group}.spread`,
  ])
}

/** Flat rows [series][pooledInputNames]: the log of sold over expected in stock, leaning on 1 where little was expected. */
export function poolRatios(
  history: History,
  origin: number,
  layout: FeatureLayout,
  expectation: Expectation,
  days: PastDays,
  localHourOf: (series: number) => number,
): Float32Array {
  const count = history.series.length
  const width = spans.length
  // Per series: sold by span, usual by span, distance, its weight.
  const each = width * 2 + 2
  const sums = new Float64Array(count * each)
  for (let s = 0; s < count; s++) {
    const series = history.series[s]!
    const base = s * each
    const add = (span: number, sold: number, usual: number): void => {
      sums[base + span]! += sold
      sums[base + width + span]! += usual
    }
    const localHour = (localHourOf(s) + origin) % 24
    const [from, hours] = localHour < 3 ? [-6, 6] : [-localHour, localHour]
    for (let i = 0; i < hours; i++) {
      const hour = origin + from + i
      const share = inStock(series, hour)
      if (share <= 0) continue
      add(0, series.value[hour]!, expectation.month[s * 24 + ((from + i + 48) % 24)]! * share)
    }
    for (let i = 0; i < pastDayCount; i++) {
      const at = s * pastDayCount + i
      const [ws, wu] = [days.windowSold[at]!, days.windowUsual[at]!]
      const [rs, ru] = [days.restSold[at]!, days.restUsual[at]!]
      if (i === 0) {
        add(1, rs, ru)
        add(2, ws + rs, wu + ru)
        add(3, ws, wu)
      }
      if (i < 3) add(4, ws + rs, wu + ru)
      if (i === 6) add(5, ws, wu)
      if (i < 7) add(6, ws + rs, wu + ru)
      const alike = days.alike[at]!
      add(7, ws * alike, wu * alike)
      const fading = 0.8 ** i
      add(8, ws * fading, wu * fading)
      sums[base + width * 2]! += Math.abs(ws - wu)
      sums[base + width * 2 + 1]! += wu
    }
  }

  const groups = ['self', ...layout.pools]
  const names = groups.length * (width + 1)
  const out = new Float32Array(count * names)
  groups.forEach((group, g) => {
    const keys = group === 'self' ? null : placeIn(history, group as Pool)
    const pools = keys ? new Float64Array(keys.size * each) : sums
    if (keys) {
      for (let s = 0; s < count; s++) {
        const pool = keys.place[s]! * each
        for (let k = 0; k < each; k++) pools[pool + k]! += sums[s * each + k]!
      }
    }
    const leaning = layout.level * (group === 'self' ? 3 : 6)
    for (let s = 0; s < count; s++) {
      const pool = (keys ? keys.place[s]! : s) * each
      const row = s * names
      for (let k = 0; k < width; k++) {
        out[row + g * (width + 1) + k] = Math.log(
          (pools[pool + k]! + leaning) / (pools[pool + width + k]! + leaning),
        )
      }
      out[row + g * (width + 1) + width] = Math.sqrt(
        pools[pool + 2 * width]! / (pools[pool + 2 * width + 1]! + leaning),
      )
    }
  })
  return out
}
