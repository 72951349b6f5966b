import type { Distribution } from './distribution.ts'

export type ForecastTarget = 'demand' | 'footfall' | 'temperature'

export const horizonHours = 12

/**
 * The next 12 hours of one series from an origin (a full hour, local time of the site).
 * `total` has its own distribution: hourly quantiles must not be added.
 */
export interface Forecast {
  /** `{target}.{site}.{product or device or all}.{origin as epoch hours}` */
  readonly id: string
  readonly target: ForecastTarget
  readonly site: string
  /** Demand: the product; else null. */
  readonly product: string | null
  /** Temperature: the probe; else null. */
  readonly device: string | null
  readonly origin: number
  readonly horizonHours: number
  readonly total: Distribution
  readonly hours: readonly Distribution[]
  /** Version of the model, or the baseline's name. */
  readonly model: string
  /** `tfjs:<version>` or the baseline's name (`naive-168h`, `empirical-28d`). */
  readonly servedBy: string
  /** `candidate`: trained, but not yet shown to beat the best baseline on the backtest. */
  readonly label: 'candidate' | 'proven' | 'baseline'
  /** Why this forecaster serves the series, in words. */
  readonly reason: string
  /** Mean of the 12-hour total by each baseline on the same history. */
  readonly baselines: readonly { readonly name: string; readonly mean: number }[]
  /** True where a grace ran out before the site's data had come up to the origin. */
  readonly graced: boolean
  readonly issuedAt: number
  /** Absent where a baseline serves, and of series beyond those that are explained each hour. */
  readonly explanation?: ForecastExplanation
}

/**
 * Why a mean is what it is: usual + units of the parts + rest = mean, to the hundredth. A part is what the mean would lose if the
 * forecaster knew of a group of inputs no more than their average.
 */
export interface ForecastExplanation {
  /** What the same 12 hours usually bring, over the last 28 days in stock. */
  readonly usual: number
  /** The three that move it most at most, the largest first. */
  readonly parts: readonly ExplanationPart[]
  /** What all other inputs do, and what the parts do only together. */
  readonly rest: number
  readonly mean: number
}

export interface ExplanationPart {
  readonly group: InputGroup
  /** In a person's words: `20 % off`, `2.1 mm of rain`. */
  readonly words: string
  readonly units: number
}

/** Inputs that a person knows under one name. */
export const inputGroups = [
  'calendar',
  'discount',
  'activity',
  'holiday',
  'event',
  'interest',
  'warmth',
  'rain',
  'air',
  'recent',
  'same-hours',
  'site',
  'product',
  'alike',
  'stock-outs',
  'pattern',
  'kind',
] as const
export type InputGroup = (typeof inputGroups)[number]

/** `{version, ...}` of a trained model, kept with its weights. */
export interface ModelVersion {
  readonly version: string
  readonly target: ForecastTarget
  readonly label: 'candidate' | 'proven'
  readonly serving: boolean
  readonly trainedAt: number
  readonly historyFrom: number
  readonly historyUntil: number
  readonly seed: number
  readonly codeVersion: string
  /** Mean weighted quantile loss on the held-out windows: the model's and each baseline's. */
  readonly scores: Readonly<Record<string, number>>
}

export const modelStates = ['serving', 'shadow', 'standby', 'retired'] as const

/** What is done with a trained version. */
export interface RegisteredModel extends ModelVersion {
  /** `shadow`: forecasts beside the serving one and is scored, no more; `standby`: kept; `retired`: its weights are gone. */
  readonly state: (typeof modelStates)[number]
  /** Since when, and why, in words. */
  readonly stateSince: number
  readonly reason: string
  /** When it was replaced, if it ever served. */
  readonly servedUntil: number | null
}

/**
 * What came of the forecasts of one forecaster for one site, by local day of the origin: sums, so that days and sites can be
 * added. Only windows whose 12 hours were known and in stock count; `censored` are those that were known but not in stock.
 */
export interface ModelScore {
  readonly target: ForecastTarget
  /** Version of the network, or the baseline's name. */
  readonly model: string
  readonly site: string
  /** `2026-11-22` */
  readonly day: string
  readonly windows: number
  readonly censored: number
  readonly amount: number
  readonly mean: number
  /** Of |amount - median|. */
  readonly absolute: number
  /** Mean over .1 .5 .9 of twice the pinball loss. */
  readonly loss: number
  /** Windows at or below the quantile. */
  readonly below10: number
  readonly below50: number
  readonly below90: number
}

/** What long work has done of what, for a progress bar on the board and the terminal. */
export interface Progress {
  readonly task: string
  readonly done: number
  readonly of: number
  readonly startedAt: number
  readonly remainingMs: number | null
}
