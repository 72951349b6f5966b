import { hourMs, horizonHours, type Forecast, type ForecastTarget } from '../domain/index.ts'
import { baselines, type BaselineName } from './baselines/index.ts'
import { hourOf, totalOf } from './forecast-batch.ts'
import type { ForecastBatch, Forecaster, History, SeriesHistory } from './forecaster.ts'

/** What is forecast. */
export const targets = ['demand', 'footfall'] as const

/** Serves until a network is trained, and series that a network knows too little of. */
export const fallbackName = 'smoothed-28d'

/** An hour's round stays as quick as without, however many series there are (docs/decisions/0018). */
const mostExplained = 500

export interface Server {
  readonly forecaster: Forecaster
  readonly version: string
  readonly label: 'candidate' | 'proven'
  /** Why it serves, in words. */
  readonly reason: string
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

/** Fewest hours in stock of a series before the origin with which a network is asked. */
const fewestHours = 24

/** All answers for one origin: the networks' and the baselines'. */
export interface Round {
  readonly origin: number
  /** What serves where the series has enough data. */
  readonly server: Server | null
  readonly served: ForecastBatch
  readonly baselines: readonly { readonly name: BaselineName; readonly batch: ForecastBatch }[]
  /** 1 where the serving network has too little to go on. */
  readonly isYoung: Uint8Array
}

/** Of the series whose entry in `wanted` is 1, or of all. */
export function answerRound(
  history: History,
  origin: number,
  server: Server | null,
  wanted?: Uint8Array,
): Round {
  const naive = baselines.map((baseline) => ({
    name: baseline.name,
    batch: baseline.forecast(history, origin, wanted),
  }))
  const fallback = naive.find(({ name }) => name === fallbackName)!.batch
  return {
    origin,
    server,
    served: server
      ? (server.forecaster.forecastAndExplain?.(history, origin, mostExplained, wanted) ??
        server.forecaster.forecast(history, origin, wanted))
      : fallback,
    baselines: naive,
    isYoung: Uint8Array.from(history.series, (series) =>
      hoursInStock(series, Math.round((origin - history.from) / hourMs)) < fewestHours ? 1 : 0,
    ),
  }
}

/** Counts no further than what is enough. */
function hoursInStock({ value, outMinutes }: SeriesHistory, origin: number): number {
  let count = 0
  for (let hour = Math.min(origin, value.length) - 1; hour >= 0 && count < fewestHours; hour--) {
    if (!Number.isNaN(value[hour]!) && outMinutes[hour] === 0) count++
  }
  return count
}

/**
 * Forecasts of the series of `sites`; series of which nothing is known before the origin have none. `withoutNetwork` says why
 * no network serves.
 */
export function makeForecasts(
  history: History,
  round: Round,
  sites: ReadonlyMap<string, { readonly graced: boolean }>,
  issue: { readonly at: number; readonly withoutNetwork: string },
): readonly Forecast[] {
  const { origin } = round
  const fallback = round.baselines.find(({ name }) => name === fallbackName)!.batch
  return history.series.flatMap((series, s): Forecast[] => {
    const site = sites.get(series.site)
    const server = round.isYoung[s] === 1 ? null : round.server
    const batch = server ? round.served : fallback
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
        reason: server
          ? server.reason
          : round.server
            ? `Of this series only ${hoursInStock(series, Math.round((origin - history.from) / hourMs))} hours in stock are known; a network is asked from ${fewestHours} on.`
            : issue.withoutNetwork,
        baselines: round.baselines.map(({ name, batch: { mean } }) => ({
          name,
          mean: Math.round(mean[s]! * 1e4) / 1e4,
        })),
        graced: site.graced,
        issuedAt: issue.at,
        ...(explanation ? { explanation } : {}),
      },
    ]
  })
}
