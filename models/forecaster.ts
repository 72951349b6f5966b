import type { ForecastExplanation, ForecastTarget } from '../domain/index.ts'

/**
 * Hourly history of many series on one grid: entry [series][hour] lies at `from + hour * 1 h`, on full hours of UTC.
 * Forecasters read nothing at or after the origin they are asked for but the known inputs.
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
  /** Static inputs by name (category, tempClass, region): never an identity. */
  readonly statics: Readonly<Record<string, string>>
  /** NaN where nothing is known. */
  readonly value: Float32Array
  /** Minutes 0..60 of the hour in which the series could not sell: then the value is a lower bound. */
  readonly outMinutes: Uint8Array
  /** Known for the future too, by name (discount, holiday, activity, weather). */
  readonly known: Readonly<Record<string, KnownInput>>
}

/** Entry i holds for `hoursPerStep` hours (a whole number) from `from + i * hoursPerStep`; past the last entry the last one holds on. */
export interface KnownInput {
  readonly hoursPerStep: number
  readonly values: Float32Array
}

/**
 * Forecasts of all series of a history, in order, as flat rows: a row's quantiles are in the order of `quantileLevels`;
 * hours are [series][hour][level]. `answered` is 0 where a series has no known hour before the origin.
 */
export interface ForecastBatch {
  readonly origin: number
  readonly answered: Uint8Array
  readonly mean: Float32Array
  readonly quantiles: Float32Array
  readonly hourMean: Float32Array
  readonly hourQuantiles: Float32Array
  /** By series, of `forecastAndExplain`: null where it was not explained. */
  readonly explanations?: readonly (ForecastExplanation | null)[]
}

/**
 * Answers distributions. The naive ones implement it too. `origin` is a full hour. Series whose entry in `wanted` is 0 may be left
 * out (`answered` is 0); what is said of the others is the same with them and without.
 */
export interface Forecaster {
  readonly name: string
  forecast(history: History, origin: number, wanted?: Uint8Array): ForecastBatch
  /** With explanations of `most` series at most, those furthest from their usual amount. Absent: it cannot say why. */
  forecastAndExplain?(
    history: History,
    origin: number,
    most: number,
    wanted?: Uint8Array,
  ): ForecastBatch
}
