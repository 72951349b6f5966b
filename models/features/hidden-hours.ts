import type { History } from '../forecaster.ts'
import { hourPriorHours, type Expectation } from './expectation.ts'
import type { FeatureLayout } from './layout.ts'
import { createPastHours, pastHourCount, readPastHours } from './past-hours.ts'

/**
 * Strength of the belief that a day sells as usual, in hours of an average series: a day that came early to where it ran dry did
 * so by luck as well. With it, hiding the best days leaves what is usual of a series where it was.
 */
const dayPriorHours = 50
/** What is left at least of the hours in stock, however well the days sold that ran dry. */
const leastPart = 0.4

/**
 * How much more than `expectation` says each series usually sells in the 12 hours ahead. An hour's mean over the days in stock
 * misses the best days, which run dry; here what a day hid counts by how well it sold before. Networks learn such a repair away
 * when it is in their inputs, so it is made on what they answer.
 */
export function hiddenFactors(
  history: History,
  origin: number,
  layout: FeatureLayout,
  { month }: Expectation,
): Float32Array {
  const past = createPastHours()
  const { share, sold } = past
  const more = new Float64Array(12)
  const prior = dayPriorHours * layout.level
  return Float32Array.from(history.series, (series, s) => {
    readPastHours(series, origin, past)
    let hides = false
    more.fill(0)
    for (let start = 0; start < pastHourCount; start += 24) {
      // The 12 hours after them never count.
      if (past.halfWhole[start / 12] === 1) continue
      hides = true
      let amount = prior
      let usual = prior
      for (let j = 0; j < 24; j++) {
        amount += sold[start + j]!
        usual += month[s * 24 + j]! * share[start + j]!
      }
      for (let j = 0; j < 12; j++) more[j]! += (amount / usual - 1) * (1 - share[start + j]!)
    }
    if (!hides) return 1
    // Amounts over hours in stock: an hour hidden on a good day takes from the hours what it would have brought above the mean.
    let before = 0
    let after = 0
    for (let j = 0; j < 12; j++) {
      let seen = 0
      for (let at = j; at < pastHourCount; at += 24) seen += share[at]!
      const counted = Math.max(leastPart * seen, seen - more[j]!)
      before += month[s * 24 + j]!
      after += (month[s * 24 + j]! * (seen + hourPriorHours)) / (counted + hourPriorHours)
    }
    return before > 0 ? after / before : 1
  })
}
