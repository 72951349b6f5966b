import { hourMs, quantileLevels } from '../domain/index.ts'
import { baselines } from './baselines/index.ts'
import { createOutcome, localHours, readOutcome } from './features/index.ts'
import type { Forecaster, History } from './forecaster.ts'
import { compareRows, scoreRows, type Comparison, type ScoredRows, type Scores } from './scores.ts'
import { splitSellers } from './seller-classes.ts'

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
  return collectWindows(history, forecasters, origins).methods
}

interface Windows {
  /** Origin of each window, epoch ms. */
  readonly origin: Float64Array
  readonly methods: readonly ForecasterScores[]
}

function collectWindows(
  history: History,
  forecasters: readonly Forecaster[],
  origins: readonly number[],
): Windows {
  const drafts = forecasters.map(() => ({
    mean: [] as number[],
    quantiles: [] as number[],
    hourError: 0,
  }))
  const amount: number[] = []
  const series: number[] = []
  const originOf: number[] = []
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
      originOf.push(originAt)
      hourSum += outcome.total
      batches.forEach((batch, f) => {
        const draft = drafts[f]!
        draft.mean.push(batch.mean[s]!)
        for (let k = 0; k < levels; k++) draft.quantiles.push(batch.quantiles[s * levels + k]!)
        for (let j = 0; j < 12; j++) {
          const median = batch.hourQuantiles[(s * 12 + j) * levels + 4]!
          draft.hourError += Math.abs(outcome.hours[j]! - median)
        }
      })
    }
  }
  const siteNumbers = new Map<string, number>()
  for (const { site } of history.series) {
    if (!siteNumbers.has(site)) siteNumbers.set(site, siteNumbers.size)
  }
  const shared = {
    amount: Float32Array.from(amount),
    series: Int32Array.from(series),
    site: Int32Array.from(series, (s) => siteNumbers.get(history.series[s]!.site)!),
  }
  return {
    origin: Float64Array.from(originOf),
    methods: forecasters.map(({ name }, f) => {
      const draft = drafts[f]!
      const rows: ScoredRows = {
        ...shared,
        mean: Float32Array.from(draft.mean),
        quantiles: Float32Array.from(draft.quantiles),
      }
      return { name, scores: scoreRows(rows), hourlyWape: draft.hourError / hourSum, rows }
    }),
  }
}

export interface MethodReport {
  readonly name: string
  readonly all: Scores
  /** Series that sell no more, and more, an hour in stock than the median one (seller-classes.ts); null without windows. */
  readonly lowSellers: Scores | null
  readonly highSellers: Scores | null
  /** Stores that the model has, and has not, learnt from; null where that is not known or there are none. */
  readonly seenStores: Scores | null
  readonly unseenStores: Scores | null
  /** By local hour of the origin. */
  readonly byHour: readonly { readonly hour: number; readonly scores: Scores }[]
  readonly hourlyWape: number
}

export interface NamedComparison {
  readonly first: string
  readonly other: string
  readonly all: Comparison
  readonly seenStores: Comparison | null
  readonly unseenStores: Comparison | null
}

export interface BacktestReport {
  readonly windows: number
  readonly origins: number
  /** Epoch ms. */
  readonly firstOrigin: number | null
  readonly lastOrigin: number | null
  readonly methods: readonly MethodReport[]
  /** The first method against each of the others. */
  readonly comparisons: readonly NamedComparison[]
  /** The baseline with the least WQL that is not the first method itself. */
  readonly bestBaseline: string | null
}

export interface BacktestOptions {
  /** Of the bootstrap. */
  readonly seed: number
  /** Stores that the first method has learnt from. */
  readonly seenSites?: ReadonlySet<string> | undefined
}

/** All methods on the same windows, the first compared with each of the others. */
export function backtest(
  history: History,
  forecasters: readonly Forecaster[],
  origins: readonly number[],
  { seed, seenSites }: BacktestOptions,
): BacktestReport {
  const { methods, origin } = collectWindows(history, forecasters, origins)
  const [first, ...others] = methods
  if (!first || first.scores.windows === 0) {
    return {
      ...{ windows: 0, origins: origins.length, firstOrigin: null, lastOrigin: null },
      ...{ methods: [], comparisons: [], bestBaseline: null },
    }
  }
  const { series } = first.rows
  const mask = (isKept: (window: number) => boolean): Uint8Array =>
    Uint8Array.from(series, (_, i) => (isKept(i) ? 1 : 0))
  const isHigh = splitSellers(history, Math.min(...origins), series)
  const isSeen = history.series.map(({ site }) => seenSites?.has(site) ?? false)
  const [low, high] = [mask((i) => !isHigh[series[i]!]), mask((i) => isHigh[series[i]!]!)]
  const seen = seenSites ? mask((i) => isSeen[series[i]!]!) : new Uint8Array(series.length)
  const unseen = seenSites ? mask((i) => !isSeen[series[i]!]) : seen
  const hourOf = localHours(history, Math.min(...origins))
  const hours = Int8Array.from(
    series,
    (s, i) => (hourOf(s) + Math.round((origin[i]! - history.from) / hourMs)) % 24,
  )
  const hourMasks = [...new Set(hours)]
    .sort((a, b) => a - b)
    .map((hour) => [hour, mask((i) => hours[i] === hour)] as const)
  const scoresOf = (rows: ScoredRows, keep: Uint8Array): Scores | null =>
    keep.includes(1) ? scoreRows(rows, keep) : null
  const compare = (rows: ScoredRows, keep: Uint8Array): Comparison | null =>
    keep.includes(1) ? compareRows(first.rows, rows, { seed, keep }) : null
  const names = new Set<string>(baselines.map(({ name }) => name))
  const best = others
    .filter(({ name }) => names.has(name))
    .toSorted((a, b) => a.scores.wql - b.scores.wql)[0]
  return {
    windows: first.scores.windows,
    origins: origins.length,
    firstOrigin: Math.min(...origins),
    lastOrigin: Math.max(...origins),
    methods: methods.map(({ name, scores, hourlyWape, rows }) => ({
      name,
      all: scores,
      lowSellers: scoresOf(rows, low),
      highSellers: scoresOf(rows, high),
      seenStores: scoresOf(rows, seen),
      unseenStores: scoresOf(rows, unseen),
      byHour: hourMasks.map(([hour, keep]) => ({ hour, scores: scoreRows(rows, keep) })),
      hourlyWape,
    })),
    comparisons: others.map(({ name, rows }) => ({
      first: first.name,
      other: name,
      all: compareRows(first.rows, rows, { seed }),
      seenStores: compare(rows, seen),
      unseenStores: compare(rows, unseen),
    })),
    bestBaseline: best?.name ?? null,
  }
}
