import type { History } from '../forecaster.ts'

/** What came in the 12 hours from an hour on, of one series. */
export interface Outcome {
  readonly hours: Float32Array
  /** 1 where the hour is known. */
  readonly known: Uint8Array
  /** 1 where the whole hour was in stock. */
  readonly whole: Uint8Array
  total: number
  isKnown: boolean
  isWhole: boolean
}

export function createOutcome(): Outcome {
  return {
    hours: new Float32Array(12),
    known: new Uint8Array(12),
    whole: new Uint8Array(12),
    total: 0,
    isKnown: false,
    isWhole: false,
  }
}

/** Fills `into` and returns it. */
export function readOutcome(history: History, s: number, origin: number, into: Outcome): Outcome {
  const series = history.series[s]!
  into.total = 0
  into.isKnown = into.isWhole = true
  for (let j = 0; j < 12; j++) {
    const hour = origin + j
    const value = hour >= 0 && hour < history.hours ? series.value[hour]! : NaN
    const isKnown = !Number.isNaN(value)
    const isWhole = isKnown && series.outMinutes[hour] === 0
    into.hours[j] = isKnown ? value : 0
    into.known[j] = isKnown ? 1 : 0
    into.whole[j] = isWhole ? 1 : 0
    into.total += into.hours[j]!
    into.isKnown &&= isKnown
    into.isWhole &&= isWhole
  }
  return into
}
