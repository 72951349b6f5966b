import { dayMs, quantileLevels } from '../domain/index.ts'
import { createRandom } from '../runtime/index.ts'
import { towardsStep } from './features/index.ts'
import type { ForecastBatch } from './forecaster.ts'
import { pinball, type Scores } from './scores.ts'

/**
 * Factors on the answers of a model, learnt from days it had not seen: of each quantile of the total and, last, of its mean,
 * at some sizes of the forecast mean (rising, as logarithms); in between they follow a straight line.
 */
export interface Calibration {
  readonly sizes: readonly number[]
  readonly factors: readonly (readonly number[])[]
  /** Part of what the days said that is applied, 0..1, in the order of `factors`: what helped on days left out. */
  readonly trust: readonly number[]
}

/** Scores of the held-out windows before and after a calibration that was learnt from the other days. */
export interface CalibrationEffect {
  readonly before: Scores
  readonly after: Scores
}

/** Windows of held-out days: what came and what was forecast. `day` groups what shares its surprises. */
export interface HeldOutWindows {
  readonly amount: Float32Array
  readonly mean: Float32Array
  readonly quantiles: Float32Array
  readonly day: Int32Array
  /** What amounts are whole numbers of, else 0; the quantiles do not know it yet. */
  readonly step: number
}

const levels = quantileLevels.length
const sizeCount = 4
/** Windows of a size that count as much as the belief that nothing needs correction. */
const priorWindows = 400
const fewestWindows = 500
const fewestDays = 3
/**
 * The days of a week share more than days left out can show (a holiday, the weather): the belief that the next week needs no
 * correction counts three weeks. In full, the factors of 5 to 11 June put the mean of the week after 6 % too low (decision 0016).
 */
const priorDays = 21
const trustShares = [0, 0.25, 0.5, 0.75, 1] as const
/** What a correction must take off the loss of the days left out, so that chance alone does not bring one in. */
const leastGain = 0.0002
const mostChange = Math.log(1.5)

/** Null where there are too few windows or days, or where no correction helped on days that it was not learnt from. */
export function fitCalibration(windows: HeldOutWindows): {
  readonly calibration: Calibration
  /** As learnt from the other days: applied to a day's own answers it says what it is worth, not flattered. */
  readonly withoutDay: (day: number) => Calibration
} | null {
  const days = [...new Set(windows.day)].sort((a, b) => a - b)
  if (windows.amount.length < fewestWindows || days.length < fewestDays) return null
  const sizes = pickSizes(windows)
  const logsOf = new Map(
    days.map((day) => [day, fitFactors(windows, sizes, (i) => windows.day[i] !== day)]),
  )
  const most = days.length / (days.length + priorDays)
  const trusts = trustShares.map((share) => share * most)
  const trust = Array.from({ length: levels + 1 }, (_, k) =>
    bestTrust(windows, sizes, trusts, k, (i) => logsOf.get(windows.day[i]!)![k]!),
  )
  if (trust.every((part) => part === 0)) return null
  const trusted = (logs: readonly (readonly number[])[]): number[][] =>
    logs.map((row, k) => row.map((log) => Math.exp(log * trust[k]!)))
  const factors = trusted(fitFactors(windows, sizes, () => true))
  return {
    calibration: { sizes, factors, trust },
    withoutDay: (day) => ({ sizes, factors: trusted(logsOf.get(day)!), trust }),
  }
}

/** In place; the hours keep their share of the mean. */
export function calibrate(batch: ForecastBatch, calibration: Calibration): void {
  for (let s = 0; s < batch.mean.length; s++) {
    if (batch.answered[s] === 0) continue
    const before = batch.mean[s]!
    correctRow(calibration, batch.mean, batch.quantiles, s)
    const factor = before > 0 ? batch.mean[s]! / before : 1
    for (let j = 0; j < 12; j++) batch.hourMean[s * 12 + j]! *= factor
  }
}

/** City days apart: all that is forecast of one shares its weather and its mood. */
export function dayOf(origin: number): number {
  return Math.floor(origin / dayMs)
}

function correctRow(
  { sizes, factors }: Pick<Calibration, 'sizes' | 'factors'>,
  mean: Float32Array,
  quantiles: Float32Array,
  row: number,
): void {
  const place = placeOf(sizes, mean[row]!)
  let largest = 0
  for (let k = 0; k < levels; k++) {
    const at = row * levels + k
    largest = Math.max(largest, quantiles[at]! * between(factors[k]!, place))
    quantiles[at] = largest
  }
  mean[row]! *= between(factors[levels]!, place)
}

/** Where a mean lies among the sizes: 1.25 is a quarter of the way from the second to the third. */
function placeOf(sizes: readonly number[], mean: number): number {
  const size = Math.log(Math.max(mean, 1e-9))
  let below = 0
  while (below < sizes.length - 2 && size > sizes[below + 1]!) below++
  const from = sizes[below]!
  const to = sizes[below + 1] ?? from
  const share = to > from ? (size - from) / (to - from) : 0
  return below + Math.min(1, Math.max(0, share))
}

function between(values: readonly number[], place: number): number {
  const below = Math.min(Math.floor(place), values.length - 1)
  const above = Math.min(below + 1, values.length - 1)
  return values[below]! + (values[above]! - values[below]!) * (place - below)
}

function pickSizes({ mean }: HeldOutWindows): readonly number[] {
  const sorted = mean.toSorted()
  return Array.from({ length: sizeCount }, (_, i) =>
    Math.log(Math.max(1e-9, sorted[Math.floor(((i + 0.5) / sizeCount) * sorted.length)]!)),
  )
}

/** Logarithms of the factors of each level, and last of the mean, at each size: from the windows nearest to it. */
function fitFactors(
  windows: HeldOutWindows,
  sizes: readonly number[],
  keep: (window: number) => boolean,
): number[][] {
  const groups = sizes.map((): number[] => [])
  for (let i = 0; i < windows.mean.length; i++) {
    if (keep(i)) groups[Math.round(placeOf(sizes, windows.mean[i]!))]!.push(i)
  }
  const shrink = (factor: number, count: number): number =>
    Number.isFinite(factor) && factor > 0
      ? (Math.max(-mostChange, Math.min(mostChange, Math.log(factor))) * count) /
        (count + priorWindows)
      : 0
  const logs = Array.from({ length: levels }, (_, k) =>
    groups.map((rows) => shrink(bestFactor(windows, rows, k), rows.length)),
  )
  logs.push(
    groups.map((rows) => {
      const amount = rows.reduce((sum, i) => sum + windows.amount[i]!, 0)
      const mean = rows.reduce((sum, i) => sum + windows.mean[i]!, 0)
      return shrink(amount / mean, rows.length)
    }),
  )
  return logs
}

/** The factor with the least pinball loss: the quantile of amount / forecast, each weighing as much as its forecast. */
function bestFactor(windows: HeldOutWindows, rows: readonly number[], k: number): number {
  // Whole amounts are spread over their step, as they were when the network learnt them.
  const random = createRandom(1)
  const spread = (amount: number): number => amount + windows.step * (random.next() - 0.5)
  const entries = rows
    .map((i) => ({
      weight: windows.quantiles[i * levels + k]!,
      amount: spread(windows.amount[i]!),
    }))
    .filter(({ weight }) => weight > 1e-6)
    .map(({ weight, amount }) => ({ weight, ratio: amount / weight }))
    .sort((a, b) => a.ratio - b.ratio)
  const total = entries.reduce((sum, { weight }) => sum + weight, 0)
  let sum = 0
  for (const { weight, ratio } of entries) {
    sum += weight
    if (sum >= quantileLevels[k]! * total) return ratio
  }
  return 1
}

/** The part that lost least on days left out: of a quantile in pinball loss, of the mean in the squared bias of a day. */
function bestTrust(
  windows: HeldOutWindows,
  sizes: readonly number[],
  trusts: readonly number[],
  k: number,
  logsOf: (window: number) => readonly number[],
): number {
  const losses = trusts.map(() => 0)
  const sums = trusts.map(() => new Map<number, number>())
  const amounts = new Map<number, number>()
  for (let i = 0; i < windows.mean.length; i++) {
    const log = between(logsOf(i), placeOf(sizes, windows.mean[i]!))
    const amount = windows.amount[i]!
    const day = windows.day[i]!
    if (k === levels) amounts.set(day, (amounts.get(day) ?? 0) + amount)
    trusts.forEach((trust, t) => {
      const factor = Math.exp(log * trust)
      if (k === levels) {
        sums[t]!.set(day, (sums[t]!.get(day) ?? 0) + windows.mean[i]! * factor)
      } else {
        const quantile = towardsStep(windows.quantiles[i * levels + k]! * factor, windows.step)
        losses[t]! += pinball(quantileLevels[k]!, amount - quantile)
      }
    })
  }
  for (const [day, amount] of amounts) {
    trusts.forEach((_, t) => (losses[t]! += (sums[t]!.get(day)! / Math.max(amount, 1e-9) - 1) ** 2))
  }
  const best = losses.indexOf(Math.min(...losses))
  return losses[0]! - losses[best]! > leastGain * losses[0]! ? trusts[best]! : 0
}
