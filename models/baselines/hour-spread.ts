import { quantileLevels } from '../../domain/index.ts'
import { quantileOfSorted } from './quantile.ts'

/** Fewest hours that quantiles are taken of; where there are fewer, those of more and less busy hours join in. */
const fewestHours = 100
/** In classes of means: half a doubling each. */
const furthestClass = 60
const classOf = (mean: number): number => Math.floor(2 * Math.log2(mean))

/** How hours spread around what was expected of them, learnt from past hours that were as busy. */
export interface HourSpread {
  /** `expected` is above 0. */
  see(expected: number, came: number): void
  /** By quantile level, what an hour's mean is to be multiplied by. */
  around(mean: number): readonly number[]
}

export function createHourSpread(): HourSpread {
  const ratios = new Map<number, number[]>()
  const known = new Map<number, readonly number[]>()

  const measure = (middle: number): readonly number[] => {
    const near = [...(ratios.get(middle) ?? [])]
    for (let step = 1; near.length < fewestHours && step <= furthestClass; step++) {
      for (const side of [middle - step, middle + step]) near.push(...(ratios.get(side) ?? []))
    }
    const sorted = Float32Array.from(near).sort()
    return quantileLevels.map((p) => (sorted.length > 0 ? quantileOfSorted(sorted, p) : 1))
  }

  return {
    see(expected, came) {
      const place = classOf(expected)
      const ratio = came / expected
      const like = ratios.get(place)
      if (like) like.push(ratio)
      else ratios.set(place, [ratio])
    },
    around(mean) {
      const place = classOf(mean)
      const answer = known.get(place) ?? measure(place)
      known.set(place, answer)
      return answer
    },
  }
}
