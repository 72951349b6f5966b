import type { History } from '../forecaster.ts'

/** Share of the amounts that must be whole numbers of a step, and how far from whole one may be, in steps. */
const wholeShare = 0.97
const roundingError = 0.02

/**
 * The step that sales come in: the most frequent amount, if nearly all amounts before `until` (hours from `history.from`) are
 * whole numbers of it, else 0. Pieces are sold in ones; a public record scales them, and one piece is 0.1 there.
 */
export function findStep(history: Pick<History, 'series' | 'hours'>, until: number): number {
  const counts = new Map<number, number>()
  let amounts = 0
  for (const { value } of history.series) {
    for (let hour = 0; hour < Math.min(until, history.hours); hour++) {
      const amount = Math.round(value[hour]! * 1e4) / 1e4
      if (!(amount > 0)) continue
      counts.set(amount, (counts.get(amount) ?? 0) + 1)
      amounts++
    }
  }
  let step = 0
  let most = 0
  for (const [amount, count] of counts) {
    if (count > most || (count === most && amount < step)) [step, most] = [amount, count]
  }
  let whole = 0
  for (const [amount, count] of counts) {
    if (Math.abs(amount / step - Math.round(amount / step)) <= roundingError) whole += count
  }
  return amounts > 0 && whole >= wholeShare * amounts ? step : 0
}

/** What is left of the distance to the nearest whole step. */
const distanceLeft = 0.05

/**
 * A quantile close to the nearest amount that can be sold. Between two such amounts nothing can come, so a quantile there only
 * adds to the loss; being left a little above or below keeps what share of the outcomes it covers, and the order.
 */
export function towardsStep(amount: number, step: number): number {
  if (step <= 0) return amount
  const whole = step * Math.round(amount / step)
  return whole + distanceLeft * (amount - whole)
}
