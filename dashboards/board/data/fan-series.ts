import { quantileAt } from './run-out.ts'
import type { SalesHistory } from './sales-history.ts'
import type { ForecastView } from './wire.ts'

const hour = 3_600_000
const levels = [0.05, 0.25, 0.5, 0.75, 0.95] as const

/** Columns of the chart: start of each hour in seconds, the quantiles, what came, the baseline's mean an hour. */
export interface FanSeries {
  readonly startsAt: readonly number[]
  readonly quantiles: readonly (readonly (number | null)[])[]
  readonly sold: readonly (number | null)[]
  readonly baseline: readonly (number | null)[]
  readonly levels: readonly number[]
}

/**
 * The 12 hours before the newest origin with the oldest forecast of them, and the 12 after it with the newest.
 * The last column closes the last step. The hour under way is not drawn as sales: it is not over.
 */
export function layOutFan(forecast: ForecastView, history: SalesHistory | null): FanSeries {
  const origin = Date.parse(forecast.origin)
  const earlier = history?.earlier ?? null
  const earlierOrigin = earlier === null ? origin : Date.parse(earlier.origin)
  const starts = Array.from({ length: 25 }, (_, i) => origin + (i - 12) * hour)
  const quantilesAt = (start: number) => {
    const source = start >= origin ? forecast : earlier
    const from = start >= origin ? origin : earlierOrigin
    const at = source?.hours[Math.round((start - from) / hour)]
    return at?.quantiles ?? null
  }
  const columns = starts.map((start) => {
    const isEnd = start === origin + 12 * hour
    return quantilesAt(isEnd ? start - hour : start)
  })
  const mean = forecast.baselines[0]?.mean
  return {
    startsAt: starts.map((start) => start / 1000),
    levels,
    quantiles: levels.map((p) =>
      columns.map((quantiles) => (quantiles === null ? null : quantileAt(quantiles, p))),
    ),
    sold: starts.map((start) => {
      if (history === null || start + hour > history.until) return null
      return history.sold.get(start) ?? 0
    }),
    baseline: starts.map((start) =>
      start >= origin && mean !== undefined ? mean / forecast.horizonHours : null,
    ),
  }
}
