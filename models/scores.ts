import { quantileLevels } from '../domain/index.ts'
import { createRandom } from '../runtime/index.ts'

const levels = quantileLevels.length
/** Levels of the headline: .1 .5 .9. */
const headline = [2, 4, 6] as const

/** Rows of windows: what came, what was forecast (quantiles in the order of `quantileLevels`), and whose it was. */
export interface ScoredRows {
  readonly amount: Float32Array
  readonly mean: Float32Array
  readonly quantiles: Float32Array
  readonly series: Int32Array
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

export function scoreRows({ amount, mean, quantiles }: ScoredRows): Scores {
  let sum = 0
  let meanSum = 0
  let absolute = 0
  let pinball = 0
  let crossings = 0
  const covered = new Float64Array(levels)
  for (let i = 0; i < amount.length; i++) {
    const y = amount[i]!
    const row = i * levels
    sum += y
    meanSum += mean[i]!
    absolute += Math.abs(y - quantiles[row + 4]!)
    pinball += headlineLoss(y, quantiles, row)
    let isCrossed = false
    for (let k = 0; k < levels; k++) {
      if (y <= quantiles[row + k]!) covered[k]!++
      isCrossed ||= k > 0 && quantiles[row + k]! < quantiles[row + k - 1]!
    }
    if (isCrossed) crossings++
  }
  return {
    windows: amount.length,
    wql: pinball / sum,
    wape: absolute / sum,
    wpe: (meanSum - sum) / sum,
    coverage: [...covered].map((count) => count / amount.length),
    crossings: crossings / amount.length,
  }
}

/** Mean over the headline levels of twice the pinball loss of one window. */
function headlineLoss(y: number, quantiles: Float32Array, row: number): number {
  let loss = 0
  for (const k of headline) {
    const short = y - quantiles[row + k]!
    const p = quantileLevels[k]
    loss += 2 * Math.max(p * short, (p - 1) * short)
  }
  return loss / headline.length
}

/**
 * WQL(a) - WQL(b) on the same windows, with the 95 % interval of a paired bootstrap that draws whole series
 * (windows of one series are not independent; Efron & Tibshirani 1993, chapter 13).
 */
export function compareRows(
  a: ScoredRows,
  b: ScoredRows,
  options: { readonly seed: number; readonly draws?: number },
): { readonly difference: number; readonly low: number; readonly high: number } {
  const bySeries = new Map<number, { amount: number; loss: number }>()
  for (let i = 0; i < a.amount.length; i++) {
    const entry = bySeries.get(a.series[i]!) ?? { amount: 0, loss: 0 }
    entry.amount += a.amount[i]!
    entry.loss +=
      headlineLoss(a.amount[i]!, a.quantiles, i * levels) -
      headlineLoss(a.amount[i]!, b.quantiles, i * levels)
    bySeries.set(a.series[i]!, entry)
  }
  const entries = [...bySeries.values()]
  const ratio = (picked: Iterable<{ amount: number; loss: number }>): number => {
    let amount = 0
    let loss = 0
    for (const entry of picked) {
      amount += entry.amount
      loss += entry.loss
    }
    return loss / amount
  }
  const random = createRandom(options.seed)
  const draws = Array.from({ length: options.draws ?? 1000 }, () =>
    ratio(entries.map(() => entries[Math.floor(random.next() * entries.length)]!)),
  ).sort((x, y) => x - y)
  const at = (p: number): number => draws[Math.round(p * (draws.length - 1))]!
  return { difference: ratio(entries), low: at(0.025), high: at(0.975) }
}
