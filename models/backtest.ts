import { hourMs, quantileLevels } from '../domain/index.ts'
import { createOutcome, readOutcome } from './features/index.ts'
import type { Forecaster, History } from './forecaster.ts'
import { compareRows, scoreRows, type ScoredRows, type Scores } from './scores.ts'

const levels = quantileLevels.length

export interface ForecasterScores {
  readonly name: string
  readonly scores: Scores
  /** Mean absolute error of the hourly medians over the sum, hours in stock of all windows. */
  readonly hourlyWape: number
  readonly rows: ScoredRows
}

/**
 * Scores forecasters on the same windows: those whose 12 hours were all known and in stock, of series that every
 * forecaster answered. `origins` are epoch ms, full hours.
 */
export function scoreForecasters(
  history: History,
  forecasters: readonly Forecaster[],
  origins: readonly number[],
): readonly ForecasterScores[] {
  const drafts = forecasters.map(() => ({
    mean: [] as number[],
    quantiles: [] as Float32Array[],
    hourError: 0,
  }))
  const amount: number[] = []
  const series: number[] = []
  let hourSum = 0
  const outcome = createOutcome()
  for (const originAt of origins) {
    const origin = Math.round((originAt - history.from) / hourMs)
    const batches = forecasters.map((forecaster) => forecaster.forecast(history, originAt))
    for (let s = 0; s < history.series.length; s++) {
      if (batches.some((batch) => batch.answered[s] === 0)) continue
      readOutcome(history, s, origin, outcome)
      if (!outcome.isWhole) continue
      amount.push(outcome.total)
      series.push(s)
      hourSum += outcome.total
      batches.forEach((batch, f) => {
        const draft = drafts[f]!
        draft.mean.push(batch.mean[s]!)
        draft.quantiles.push(batch.quantiles.slice(s * levels, (s + 1) * levels))
        for (let j = 0; j < 12; j++) {
          const median = batch.hourQuantiles[(s * 12 + j) * levels + 4]!
          draft.hourError += Math.abs(outcome.hours[j]! - median)
        }
      })
    }
  }
  return forecasters.map(({ name }, f) => {
    const draft = drafts[f]!
    const quantiles = new Float32Array(draft.quantiles.length * levels)
    draft.quantiles.forEach((row, i) => quantiles.set(row, i * levels))
    const rows: ScoredRows = {
      amount: Float32Array.from(amount),
      mean: Float32Array.from(draft.mean),
      quantiles,
      series: Int32Array.from(series),
    }
    return { name, scores: scoreRows(rows), hourlyWape: draft.hourError / hourSum, rows }
  })
}

export interface BacktestReport {
  readonly windows: number
  readonly origins: number
  readonly methods: readonly {
    readonly name: string
    readonly all: Scores
    /** Series that sell less, and at least as much, as the median one in these windows. */
    readonly lowSellers: Scores
    readonly highSellers: Scores
    readonly hourlyWape: number
  }[]
  /** WQL of the first method minus that of the best of the others, with its 95 % interval; null where it stands alone. */
  readonly firstAgainstBest: {
    readonly first: string
    readonly best: string
    readonly difference: number
    readonly low: number
    readonly high: number
  } | null
}

export function backtest(
  history: History,
  forecasters: readonly Forecaster[],
  origins: readonly number[],
  options: { readonly seed: number },
): BacktestReport {
  const results = scoreForecasters(history, forecasters, origins)
  const [first, ...others] = results
  const isHigh = splitSellers(first?.rows)
  const best = others.toSorted((a, b) => a.scores.wql - b.scores.wql)[0]
  return {
    windows: first?.scores.windows ?? 0,
    origins: origins.length,
    methods: results.map(({ name, scores, hourlyWape, rows }) => ({
      name,
      all: scores,
      lowSellers: scoreRows(pick(rows, (i) => !isHigh[i])),
      highSellers: scoreRows(pick(rows, (i) => isHigh[i] ?? false)),
      hourlyWape,
    })),
    firstAgainstBest:
      first && best && first.scores.windows > 0
        ? {
            first: first.name,
            best: best.name,
            ...compareRows(first.rows, best.rows, { seed: options.seed }),
          }
        : null,
  }
}

function splitSellers(rows: ScoredRows | undefined): readonly boolean[] {
  if (!rows) return []
  const sums = new Map<number, { sum: number; count: number }>()
  rows.series.forEach((s, i) => {
    const entry = sums.get(s) ?? { sum: 0, count: 0 }
    entry.sum += rows.amount[i]!
    entry.count++
    sums.set(s, entry)
  })
  const means = new Map([...sums].map(([s, { sum, count }]) => [s, sum / count]))
  const sorted = [...means.values()].sort((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0
  return [...rows.series].map((s) => means.get(s)! >= median)
}

function pick(rows: ScoredRows, keep: (row: number) => boolean): ScoredRows {
  const kept = [...rows.series.keys()].filter(keep)
  const quantiles = new Float32Array(kept.length * levels)
  kept.forEach((row, i) => {
    quantiles.set(rows.quantiles.subarray(row * levels, (row + 1) * levels), i * levels)
  })
  return {
    amount: Float32Array.from(kept, (row) => rows.amount[row]!),
    mean: Float32Array.from(kept, (row) => rows.mean[row]!),
    quantiles,
    series: Int32Array.from(kept, (row) => rows.series[row]!),
  }
}
