import type { KnownInput, SeriesHistory } from '../forecaster.ts'
import { pastHourCount, type PastHours } from './past-hours.ts'

export const pastDayCount = 28

/**
 * Of one series, by day (0 is yesterday): what was sold in stock, what was usual of the time in stock, and what was usual of the
 * time hidden or unknown, in the 12 hours like those ahead (`window`) and in the 12 after them (`rest`).
 */
export interface PastDays {
  readonly windowSold: Float64Array
  readonly windowUsual: Float64Array
  readonly windowHidden: Float64Array
  readonly restSold: Float64Array
  readonly restUsual: Float64Array
  readonly restHidden: Float64Array
}

export function createPastDays(): PastDays {
  const column = (): Float64Array => new Float64Array(pastDayCount)
  return {
    windowSold: column(),
    windowUsual: column(),
    windowHidden: column(),
    restSold: column(),
    restUsual: column(),
    restHidden: column(),
  }
}

/** Fills `into`. What is usual of the hour j after the origin, and of the same hour on other days, lies at `usual[first + j]`. */
export function measurePastDays(
  past: PastHours,
  usual: Float32Array,
  first: number,
  into: PastDays,
): void {
  measureHalf(past, usual, first, 0, into.windowSold, into.windowUsual, into.windowHidden)
  measureHalf(past, usual, first, 12, into.restSold, into.restUsual, into.restHidden)
}

/** Of the 12 hours of each day from its hour `half` on. Most are wholly in stock: their hours need no look. */
function measureHalf(
  { share, halfSold, halfWhole }: PastHours,
  usual: Float32Array,
  first: number,
  half: number,
  intoSold: Float64Array,
  intoUsual: Float64Array,
  intoHidden: Float64Array,
): void {
  let expected = 0
  for (let j = half; j < half + 12; j++) expected += usual[first + j]!
  for (let day = 0; day < pastDayCount; day++) {
    const start = pastHourCount - 24 * (day + 1) + half
    intoSold[day] = halfSold[start / 12]!
    if (halfWhole[start / 12] === 1) {
      intoUsual[day] = expected
      intoHidden[day] = 0
      continue
    }
    let seen = 0
    let hidden = 0
    for (let j = 0; j < 12; j++) {
      const hourly = usual[first + half + j]!
      const part = share[start + j]!
      seen += hourly * part
      hidden += hourly * (1 - part)
    }
    intoUsual[day] = seen
    intoHidden[day] = hidden
  }
}

/** A discount differing by so much, and any other planned input differing by so much, makes a day a third as alike. */
const discountWidth = 0.12
const plannedWidth = 0.8
/** Days after which a day counts a third as much. */
const nearDays = 20

/** How alike each past day was to the one ahead in what is planned, and how near it is: 0..1, into `into`. */
export function measureAlikeness(
  { known }: SeriesHistory,
  origin: number,
  planned: readonly string[],
  into: Float64Array,
): void {
  const noon = origin + 6
  for (let day = 0; day < pastDayCount; day++) into[day] = day / nearDays
  for (const name of planned) {
    const input = known[name]
    if (!input) continue
    const ahead = valueAt(input, noon)
    const width = name === 'discount' ? discountWidth : plannedWidth
    for (let day = 0; day < pastDayCount; day++) {
      into[day]! += Math.abs(valueAt(input, Math.max(0, noon - 24 * (day + 1))) - ahead) / width
    }
  }
  for (let day = 0; day < pastDayCount; day++) into[day] = Math.exp(-into[day]!)
}

function valueAt({ hoursPerStep, values }: KnownInput, hour: number): number {
  return values[Math.min(Math.floor(hour / hoursPerStep), values.length - 1)] ?? 0
}
