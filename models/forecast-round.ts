import { hourMs, horizonHours, type Forecast, type ForecastTarget } from '../domain/index.ts'
import { baselines } from './baselines/index.ts'
import { hourOf, totalOf } from './forecast-batch.ts'
import type { Forecaster, History } from './forecaster.ts'

/** Serves until a network is trained: of the baselines the only one with a real distribution. */
export const fallbackName = 'empirical-28d'

/** An hour's round stays as quick as without, however many series there are (docs/decisions/0018). */
const mostExplained = 500

export interface Server {
  readonly forecaster: Forecaster
  readonly version: string
  readonly label: 'candidate' | 'proven'
}

/** `{target}.{site}.{product or device or all}.{origin as epoch hours}` */
export function forecastId(
  target: ForecastTarget,
  site: string,
  thing: string | null,
  origin: number,
): string {
  return `${target}.${site}.${thing ?? 'all'}.${Math.round(origin / hourMs)}`
}

/** Forecasts of the series of `sites` at an origin; series of which nothing is known before it have none. */
export function makeForecasts(
  history: History,
  origin: number,
  server: Server | null,
  sites: ReadonlyMap<string, { readonly graced: boolean }>,
  issuedAt: number,
): readonly Forecast[] {
  const naive = baselines.map((baseline) => ({
    name: baseline.name,
    batch: baseline.forecast(history, origin),
  }))
  const fallback = naive.find(({ name }) => name === fallbackName)!.batch
  const batch = server
    ? (server.forecaster.forecastAndExplain?.(history, origin, mostExplained) ??
      server.forecaster.forecast(history, origin))
    : fallback
  return history.series.flatMap((series, s): Forecast[] => {
    const site = sites.get(series.site)
    if (!site || batch.answered[s] === 0) return []
    const explanation = batch.explanations?.[s]
    return [
      {
        id: forecastId(history.target, series.site, series.product ?? series.device, origin),
        target: history.target,
        site: series.site,
        product: series.product,
        device: series.device,
        origin,
        horizonHours,
        total: totalOf(batch, s),
        hours: Array.from({ length: horizonHours }, (_, hour) => hourOf(batch, s, hour)),
        model: server?.version ?? fallbackName,
        servedBy: server ? `tfjs:${server.version}` : fallbackName,
        label: server?.label ?? 'baseline',
        baselines: naive.map(({ name, batch: { mean } }) => ({
          name,
          mean: Math.round(mean[s]! * 1e4) / 1e4,
        })),
        graced: site.graced,
        issuedAt,
        ...(explanation ? { explanation } : {}),
      },
    ]
  })
}
