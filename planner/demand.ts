import type { Quantile } from '../domain/index.ts'

/** What may be asked for, with exact expectations of what a stock of `units` misses or has left. */
export interface Demand {
  readonly mean: number
  /** E[(D - units)+] */
  shortage(units: number): number
  /** E[(units - D)+] */
  overage(units: number): number
  /** Smallest value whose chance of not being exceeded is p. */
  quantile(p: number): number
}

/** `pmf[k]` is the chance of k units. It is used as it stands: a cut tail stays cut. */
export function demandFromPmf(pmf: readonly number[]): Demand {
  // Above k: chance and first moment of all values from k on.
  const chanceFrom = new Float64Array(pmf.length + 1)
  const momentFrom = new Float64Array(pmf.length + 1)
  for (let k = pmf.length - 1; k >= 0; k--) {
    chanceFrom[k] = chanceFrom[k + 1]! + pmf[k]!
    momentFrom[k] = momentFrom[k + 1]! + k * pmf[k]!
  }
  const above = (units: number): number => Math.min(pmf.length, Math.max(0, Math.floor(units) + 1))
  return {
    mean: momentFrom[0]!,
    shortage: (units) => momentFrom[above(units)]! - units * chanceFrom[above(units)]!,
    overage: (units) => {
      const k = above(units)
      return units * (chanceFrom[0]! - chanceFrom[k]!) - (momentFrom[0]! - momentFrom[k]!)
    },
    quantile(p) {
      const k = pmf.findIndex((_, k) => chanceFrom[0]! - chanceFrom[k + 1]! >= p)
      return k < 0 ? pmf.length - 1 : k
    },
  }
}

/**
 * The distribution function is linear between (0, 0), the (value, p) points, and a last point of p = 1 that goes on at the
 * mean slope of the given ones: last + (last - first) x (1 - last p) / (last p - first p). Equal values are a jump.
 */
export function demandFromQuantiles(quantiles: readonly Quantile[]): Demand {
  const first = quantiles[0]!
  const last = quantiles.at(-1)!
  const end =
    last.p > first.p
      ? last.value + ((last.value - first.value) * (1 - last.p)) / (last.p - first.p)
      : last.value
  const knots = [{ p: 0, value: 0 }, ...quantiles, { p: 1, value: end }]

  const overage = (units: number): number => {
    let area = 0
    for (let i = 1; i < knots.length; i++) {
      const left = knots[i - 1]!
      const right = knots[i]!
      if (units <= left.value) return area
      const width = right.value - left.value
      if (width <= 0) continue
      const part = Math.min(1, (units - left.value) / width)
      area += part * width * (left.p + ((right.p - left.p) * part) / 2)
    }
    return area + Math.max(0, units - end)
  }
  const shortage = (units: number): number => {
    let area = Math.max(0, -units)
    for (let i = 1; i < knots.length; i++) {
      const left = knots[i - 1]!
      const right = knots[i]!
      const width = right.value - left.value
      if (width <= 0 || units >= right.value) continue
      const part = Math.min(1, (right.value - units) / width)
      area += part * width * (1 - right.p + ((right.p - left.p) * part) / 2)
    }
    return area
  }
  return {
    mean: shortage(0),
    shortage,
    overage,
    quantile(p) {
      for (let i = 1; i < knots.length; i++) {
        const left = knots[i - 1]!
        const right = knots[i]!
        if (p > right.p) continue
        if (right.p === left.p) return left.value
        return left.value + ((right.value - left.value) * (p - left.p)) / (right.p - left.p)
      }
      return end
    },
  }
}

/** What is wrong with a distribution, each a sentence that begins with `where`; none where it is right. */
export function demandProblems(
  where: string,
  given: { readonly pmf?: readonly number[]; readonly quantiles?: readonly Quantile[] },
): readonly string[] {
  if ((given.pmf === undefined) === (given.quantiles === undefined))
    return [`${where} needs either pmf or quantiles, and not both.`]
  if (given.pmf) {
    const sum = given.pmf.reduce((total, chance) => total + chance, 0)
    return Math.abs(sum - 1) <= 0.01
      ? []
      : [`${where}.pmf adds up to ${sum.toPrecision(6)}; chances must add up to 1.`]
  }
  const quantiles = given.quantiles ?? []
  return quantiles.flatMap((quantile, i) => {
    const before = quantiles[i - 1]
    if (!before || (quantile.p > before.p && quantile.value >= before.value)) return []
    return [
      `${where}.quantiles[${i}] must have a larger p and no smaller value than the one before.`,
    ]
  })
}
