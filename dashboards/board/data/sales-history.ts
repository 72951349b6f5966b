import type { ApiClient } from './api-client.ts'
import type { ForecastView, ReadingView } from './wire.ts'

const hour = 3_600_000

export interface SalesHistory {
  readonly site: string
  readonly product: string
  /** Units sold by start of hour; an hour without a sale that lies before `until` is 0. */
  readonly sold: ReadonlyMap<number, number>
  readonly until: number
  /** The oldest forecast of the last 12 hours: what was expected of the hours that came. */
  readonly earlier: ForecastView | null
}

/** Hours are those of the forecast's origin: in a zone of half hours they do not start on UTC's. */
export function sumByHour(
  readings: readonly ReadingView[],
  origin: number,
): ReadonlyMap<number, number> {
  const sold = new Map<number, number>()
  for (const reading of readings) {
    const start = origin + Math.floor((Date.parse(reading.at) - origin) / hour) * hour
    sold.set(start, (sold.get(start) ?? 0) + reading.value)
  }
  return sold
}

/** What came in the 12 hours before the newest forecast and since, and what was forecast for them. */
export async function loadSalesHistory(
  api: ApiClient,
  newest: ForecastView,
  gtin: string | null,
  now: number,
): Promise<SalesHistory> {
  const { site } = newest
  const product = newest.product ?? ''
  const origin = Date.parse(newest.origin)
  const iso = (at: number) => new Date(at).toISOString()
  const [readings, forecasts] = await Promise.all([
    api.list<ReadingView>(
      '/v1/readings',
      { site, channel: 'sold', product, from: iso(origin - 12 * hour), to: iso(now), limit: 1000 },
      15,
    ),
    api.list<ForecastView>('/v1/forecasts', {
      site,
      product,
      from: iso(origin - 12 * hour),
      to: iso(origin),
      limit: 50,
    }),
  ])
  const earlier = forecasts
    .filter((forecast) => forecast.target === 'demand' && forecast.product === product)
    .sort((a, b) => Date.parse(a.origin) - Date.parse(b.origin))
  return {
    site,
    product,
    sold: sumByHour(
      readings.filter((reading) => gtin === null || reading.gtin === gtin),
      origin,
    ),
    until: now,
    earlier: earlier[0] ?? null,
  }
}
