import type { SeriesHistory } from '../forecaster.ts'

export const pastHourCount = 28 * 24
const halfDays = pastHourCount / 12

/** The 28 days before an origin of one series, oldest hour first. */
export interface PastHours {
  /** Share of the hour in which the series could sell; 0 where nothing is known. */
  readonly share: Float64Array
  /** What was sold; 0 in an hour out of stock or unknown. */
  readonly sold: Float64Array
  /** Sum of `sold` over each half day, and whether it was in stock throughout. */
  readonly halfSold: Float64Array
  readonly halfWhole: Uint8Array
}

export function createPastHours(): PastHours {
  return {
    share: new Float64Array(pastHourCount),
    sold: new Float64Array(pastHourCount),
    halfSold: new Float64Array(halfDays),
    halfWhole: new Uint8Array(halfDays),
  }
}

/** Fills `into`. `origin` in hours from the start of the history. */
export function readPastHours(
  { value, outMinutes }: SeriesHistory,
  origin: number,
  { share, sold, halfSold, halfWhole }: PastHours,
): void {
  const start = origin - pastHourCount
  for (let half = 0; half < halfDays; half++) {
    const first = start + half * 12
    if (first >= 0 && first + 12 <= value.length) {
      // One unknown hour makes the sum unknown, so most half days need no look at each hour.
      let sum = 0
      let minutes = 0
      for (let j = 0; j < 12; j++) {
        const amount = value[first + j]!
        sum += amount
        minutes |= outMinutes[first + j]!
        sold[half * 12 + j] = amount
      }
      if (minutes === 0 && !Number.isNaN(sum)) {
        // Where the series read before was in stock as well, its shares stand.
        if (halfWhole[half] === 0) share.fill(1, half * 12, half * 12 + 12)
        halfSold[half] = sum
        halfWhole[half] = 1
        continue
      }
    }
    let sum = 0
    for (let j = 0; j < 12; j++) {
      const hour = first + j
      const amount = hour >= 0 && hour < value.length ? value[hour]! : NaN
      const part = Number.isNaN(amount) ? 0 : 1 - outMinutes[hour]! / 60
      const seen = part > 0 ? amount : 0
      share[half * 12 + j] = part
      sold[half * 12 + j] = seen
      sum += seen
    }
    halfSold[half] = sum
    halfWhole[half] = 0
  }
}
