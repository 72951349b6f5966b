import { quantileLevels } from '../domain/index.ts'
import { createRandom } from '../runtime/index.ts'

const levels = quantileLevels.length
/** Levels of the headline: .1 .5 .9. */
const headline = [2, 4, 6] as const
/** Amounts are told to a hundredth: what differs by less than this is equal. */
const tolerance = 1e-4
/** With fewer stores than this a bootstrap draws series: a handful of stores gives no interval worth the name. */
const fewestSites = 5

/** Rows of windows: what came, what was forecast (quantiles in the order of `quantileLevels`), and whose it was. */
export interface ScoredRows {
  readonly amount: Float32Array
  readonly mean: Float32Array
  readonly quantiles: Float32Array
  readonly series: Int32Array
  /** Number of the store of each window. */
  readonly site: Int32Array
}

export interface Scores {
  readonly windows: number
  /** Mean over .1 .5 .9 of 2 x pinball / sum of amounts. */
  readonly wql: number
  /** Sum of |amount - median| / sum of amounts. */
  readonly wape: number
  /** (Sum of means - sum of amounts) / sum of amounts. */
  readonly wpe: number
  /** Share of windows at or below each quantile, in the order of `quantileLevels`. */
  readonly coverage: readonly number[]
  /** Share of windows in which a higher quantile lies below a lower one. */
  readonly crossings: number
}

/** Of the rows that `keep` names, or of all. Without any sale the ratios are NaN. */
export function scoreRows(rows: ScoredRows, keep?: Uint8Array): Scores {
  const { amount, mean, quantiles } = rows
  let windows = 0
  let sum = 0
  let meanSum = 0
  let absolute = 0
  let pinball = 0
  let crossings = 0
  const covered = new Float64Array(levels)
  for (let i = 0; i < amount.length; i++) {
    if (keep?.[i] === 0) continue
    const y = amount[i]!
    const row = i * levels
    windows++
    sum += y
    meanSum += mean[i]!
    absolute += Math.abs(y - quantiles[row + 4]!)
    pinball += headlineLoss(y, quantiles, row)
    let isCrossed = false
    for (let k = 0; k < levels; k++) {
      if (y <= quantiles[row + k]! + tolerance) covered[k]!++
      isCrossed ||= k > 0 && quantiles[row + k]! < quantiles[row + k - 1]!
    }
    if (isCrossed) crossings++
  }
  return {
    windows,
    wql: pinball / sum,
    wape: absolute / sum,
    wpe: (meanSum - sum) / sum,
    coverage: [...covered].map((count) => count / windows),
    crossings: crossings / windows,
  }
}

/** Of one level: `short` is what came minus the quantile (Koenker & Bassett 1978). */
export function pinball(level: number, short: number): number {
  return Math.max(level * short, (level - 1) * short)
}

/** Mean over the headline levels of twice the pinball loss of one window. */
export function headlineLoss(y: number, quantiles: Float32Array, row: number): number {
  let loss = 0
  for (const k of headline) {
    loss += 2 * pinball(quantileLevels[k], y - quantiles[row + k]!)
  }
  return loss / headline.length
}

/** How much better or worse one forecaster is than another on the same windows; below zero the first is better. */
export interface Comparison {
  /** WQL of the first minus WQL of the other, with its 95 % interval. */
  readonly difference: number
  readonly low: number
  readonly high: number
  /** WQL of the first / WQL of the other - 1, with its 95 % interval: -0.02 is 2 % better. */
  readonly relative: number
  readonly relativeLow: number
  readonly relativeHigh: number
  /** What was drawn, and how many of them there are. */
  readonly by: 'store' | 'series'
  readonly units: number
}

/**
 * The same windows under two forecasters, with 95 % intervals of a paired bootstrap that draws whole stores, since windows of
 * one store are not independent (Efron & Tibshirani 1993, chapter 13); whole series where there are fewer than five stores.
 */
export function compareRows(
  a: ScoredRows,
  b: ScoredRows,
  options: { readonly seed: number; readonly draws?: number; readonly keep?: Uint8Array },
): Comparison {
  const { keep } = options
  const sites = new Set(a.site.filter((_, i) => keep?.[i] !== 0))
  const by = sites.size < fewestSites ? 'series' : 'store'
  const unitOf = by === 'store' ? a.site : a.series
  const places = new Map<number, number>()
  const amount: number[] = []
  const first: number[] = []
  const other: number[] = []
  for (let i = 0; i < a.amount.length; i++) {
    if (keep?.[i] === 0) continue
    const unit = unitOf[i]!
    let place = places.get(unit)
    if (place === undefined) {
      place = amount.length
      places.set(unit, place)
      amount.push(0)
      first.push(0)
      other.push(0)
    }
    const y = a.amount[i]!
    amount[place]! += y
    first[place]! += headlineLoss(y, a.quantiles, i * levels)
    other[place]! += headlineLoss(y, b.quantiles, i * levels)
  }
  return compareSums({ amount, first, other }, { ...options, by })
}

/** As `compareRows`, from the sums of each unit: of amounts and of both forecasters' losses. */
export function compareSums(
  { amount, first, other }: Readonly<Record<'amount' | 'first' | 'other', readonly number[]>>,
  options: { readonly seed: number; readonly draws?: number; readonly by: Comparison['by'] },
): Comparison {
  const random = createRandom(options.seed)
  const draws = options.draws ?? 1000
  const differences = new Float64Array(draws)
  const relatives = new Float64Array(draws)
  for (let draw = 0; draw < draws; draw++) {
    let [sumAmount, sumFirst, sumOther] = [0, 0, 0]
    amount.forEach(() => {
      const place = Math.floor(random.next() * amount.length)
      sumAmount += amount[place]!
      sumFirst += first[place]!
      sumOther += other[place]!
    })
    differences[draw] = (sumFirst - sumOther) / sumAmount
    relatives[draw] = ratioOf(sumFirst, sumOther)
  }
  differences.sort()
  relatives.sort()
  const total = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0)
  const at = (sorted: Float64Array, p: number): number => sorted[Math.round(p * (draws - 1))]!
  return {
    difference: (total(first) - total(other)) / total(amount),
    low: at(differences, 0.025),
    high: at(differences, 0.975),
    relative: ratioOf(total(first), total(other)),
    relativeLow: at(relatives, 0.025),
    relativeHigh: at(relatives, 0.975),
    by: options.by,
    units: amount.length,
  }
}

function ratioOf(first: number, other: number): number {
  return first === other ? 0 : first / other - 1
}
