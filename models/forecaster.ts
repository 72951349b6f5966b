import type { Forecast, ForecastTarget } from '../domain/index.ts'

/**
 * Hourly history of many series on one grid: entry [series][hour] lies at `from + hour * 1 h`.
 * `value` is NaN where nothing is known; `censored` is the share of the hour (0..1) in which the series could not sell,
 * so that the value is a lower bound. Known-future inputs go on past the last known hour.
 */
export interface History {
  readonly target: ForecastTarget
  readonly from: number
  readonly hours: number
  readonly series: readonly SeriesHistory[]
}

export interface SeriesHistory {
  readonly site: string
  readonly product: string | null
  readonly device: string | null
  readonly timeZone: string
  /** Static inputs by name (category, tempClass): never an identity. */
  readonly statics: Readonly<Record<string, string>>
  readonly value: Float32Array
  readonly censored: Float32Array
  /** Known for the future too, by name (discount, holiday, activity, precipitation, temperature): hours + 12 entries at least. */
  readonly known: Readonly<Record<string, Float32Array>>
}

export type SeriesForecast = Pick<Forecast, 'total' | 'hours' | 'servedBy' | 'label' | 'model'>

/** Learns from history, answers distributions. The naive ones implement it too. */
export interface Forecaster {
  readonly name: string
  train(
    history: History,
    options: { readonly until: number; readonly signal?: AbortSignal },
  ): Promise<void>
  /** One answer per series, in order; reads nothing at or after `origin` but the known inputs. */
  forecast(history: History, origin: number): Promise<readonly SeriesForecast[]>
}
