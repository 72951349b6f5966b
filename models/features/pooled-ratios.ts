import type { History } from '../forecaster.ts'
import { inStock, type Expectation } from './expectation.ts'
import type { FeatureLayout } from './layout.ts'

/**
 * How a site, a product, a product within a region and a category within a site sell against their own level lately:
 * what all of them have in common today, one series alone is too thin to tell.
 */
const groups = ['site', 'product', 'productInRegion', 'categoryInSite'] as const
const spans = ['day', 'today', 'yesterday', 'weekAgo', 'week'] as const

export const pooledInputNames: readonly string[] = groups.flatMap((group) =>
  spans.map((span) => `${group}.${span}`),
)

/** First hour and number of hours of each span, counted from the origin; the day begins at local midnight. */
function hoursOf(span: (typeof spans)[number], localHour: number): readonly [number, number] {
  switch (span) {
    case 'day':
      return [-24, 24]
    case 'today':
      return localHour < 3 ? [-6, 6] : [-localHour, localHour]
    case 'yesterday':
      return [-24, 12]
    case 'weekAgo':
      return [-168, 12]
    case 'week':
      return [-168, 168]
  }
}

/** Flat rows [series][pooledInputNames]: the log of sold over expected in stock, leaning on 1 where little was expected. */
export function poolRatios(
  history: History,
  origin: number,
  layout: FeatureLayout,
  expectation: Expectation,
  localHourOf: (series: number) => number,
): Float32Array {
  const width = spans.length
  const sold = new Float32Array(history.series.length * width)
  const expected = new Float32Array(history.series.length * width)
  history.series.forEach((series, s) => {
    const localHour = (localHourOf(s) + origin) % 24
    spans.forEach((span, k) => {
      const [start, hours] = hoursOf(span, localHour)
      for (let i = 0; i < hours; i++) {
        const hour = origin + start + i
        const share = inStock(series, hour)
        if (share <= 0) continue
        sold[s * width + k]! += series.value[hour]!
        expected[s * width + k]! += expectation.month[s * 24 + ((start + i + 336) % 24)]! * share
      }
    })
  })

  const keys = history.series.map((series) => [
    series.site,
    series.product ?? '',
    `${series.product ?? ''}|${series.statics.region ?? ''}`,
    `${series.site}|${series.statics.category1 ?? ''}`,
  ])
  const out = new Float32Array(history.series.length * groups.length * width)
  const leaning = layout.level * 6
  groups.forEach((_, g) => {
    const pools = new Map<string, Float64Array>()
    keys.forEach((key, s) => {
      const pool = pools.get(key[g]!) ?? new Float64Array(width * 2)
      for (let k = 0; k < width; k++) {
        pool[k]! += sold[s * width + k]!
        pool[width + k]! += expected[s * width + k]!
      }
      pools.set(key[g]!, pool)
    })
    keys.forEach((key, s) => {
      const pool = pools.get(key[g]!)!
      for (let k = 0; k < width; k++) {
        out[(s * groups.length + g) * width + k] = Math.log(
          (pool[k]! + leaning) / (pool[width + k]! + leaning),
        )
      }
    })
  })
  return out
}
