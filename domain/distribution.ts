/** A quantile: P(X <= value) = p. */
export interface Quantile {
  readonly p: number
  readonly value: number
}

/** What may happen, as quantiles in rising p (values never fall) and a mean. */
export interface Distribution {
  readonly mean: number
  readonly quantiles: readonly Quantile[]
}

/** Levels of every forecast. */
export const quantileLevels = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99] as const
