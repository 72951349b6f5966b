import type { History, KnownInput } from '../forecaster.ts'
import { inStock, type Expectation } from './expectation.ts'
import { plannedInputs, type FeatureLayout } from './layout.ts'

export const pastDayCount = 28

/**
 * Day i (0 is yesterday) of series s at [s * 28 + i]: what was sold in stock, and what was usual of the time in stock, of the
 * 12 hours like those ahead (`window`) and of the 12 after them (`rest`).
 */
export interface PastDays {
  readonly windowSold: Float32Array
  readonly windowUsual: Float32Array
  readonly restSold: Float32Array
  readonly restUsual: Float32Array
  /** How alike the day was to the one ahead in what is planned, and how near it is: 0..1. */
  readonly alike: Float32Array
}

/** A discount differing by so much, and any other planned input differing by so much, makes a day a third as alike. */
const discountWidth = 0.12
const plannedWidth = 0.8
/** Days after which a day counts a third as much. */
const nearDays = 20

export function measurePastDays(
  history: History,
  origin: number,
  layout: FeatureLayout,
  { month }: Expectation,
): PastDays {
  const size = history.series.length * pastDayCount
  const days: PastDays = {
    windowSold: new Float32Array(size),
    windowUsual: new Float32Array(size),
    restSold: new Float32Array(size),
    restUsual: new Float32Array(size),
    alike: new Float32Array(size),
  }
  const planned = plannedInputs(layout)
  history.series.forEach((series, s) => {
    for (let i = 0; i < pastDayCount; i++) {
      const start = origin - 24 * (i + 1)
      if (start <= -24) break
      const at = s * pastDayCount + i
      for (let j = 0; j < 24; j++) {
        const share = inStock(series, start + j)
        if (share <= 0) continue
        const usual = month[s * 24 + j]! * share
        if (j < 12) {
          days.windowSold[at]! += series.value[start + j]!
          days.windowUsual[at]! += usual
        } else {
          days.restSold[at]! += series.value[start + j]!
          days.restUsual[at]! += usual
        }
      }
    }
    const noon = origin + 6
    for (let i = 0; i < pastDayCount; i++) {
      let distance = i / nearDays
      for (const name of planned) {
        const input = series.known[name]
        if (!input) continue
        const apart = Math.abs(
          valueAt(input, Math.max(0, noon - 24 * (i + 1))) - valueAt(input, noon),
        )
        distance += apart / (name === 'discount' ? discountWidth : plannedWidth)
      }
      days.alike[s * pastDayCount + i] = Math.exp(-distance)
    }
  })
  return days
}

function valueAt({ hoursPerStep, values }: KnownInput, hour: number): number {
  return values[Math.min(Math.floor(hour / hoursPerStep), values.length - 1)] ?? 0
}
