import type { History, SeriesHistory } from '../forecaster.ts'
import type { Expectation } from './expectation.ts'
import type { FeatureLayout } from './layout.ts'
import { createPastHours, pastHourCount, readPastHours } from './past-hours.ts'

const kinds = 7
const sunday = 6
/** Local days from 28 before the origin's to one after it. */
const daysBefore = 28
const spans = [3, 6, 12, 24] as const
const pastDays = 7
const recentHours = 6
const whole = [7, 14, 28] as const

const names: readonly string[] = [
  ...Array.from({ length: kinds }, (_, kind) => `kind${kind}`),
  'kindRestTomorrow',
  'kindRestYesterday',
  'kindToday',
  ...spans.map((hours) => `kindLast${hours}h`),
  ...Array.from({ length: pastDays }, (_, i) => `kindBack${i + 1}`),
  ...whole.map((days) => `kindDays${days}`),
  ...Array.from({ length: recentHours }, (_, i) => `kindRecent${i}`),
  ...Array.from({ length: 12 }, (_, j) => `kindHour${j}`),
]

/**
 * People come by the kind of day where goods sell by the product: an office street is empty on a Sunday, and on a holiday it is
 * like one. So footfall is measured against what is usual of the kind of each day, holidays being Sundays.
 */
export function hasDayKinds({ target }: FeatureLayout): boolean {
  return target === 'footfall'
}

export function dayKindInputNames(layout: FeatureLayout): readonly string[] {
  return hasDayKinds(layout) ? names : []
}

/** How much a day of one kind says of a day of another: Monday 0 to Sunday 6. */
function weightOf(a: number, b: number): number {
  if (a === b) return 1
  if (a >= 5 && b >= 5) return 0.15
  if (a >= 5 || b >= 5) return 0.002
  return a === 4 || b === 4 ? 0.3 : 0.5
}
const kindWeights = Float64Array.from({ length: kinds * kinds }, (_, i) =>
  weightOf(Math.floor(i / kinds), i % kinds),
)
/** Strength of the mean of all days, in days, for an hour that no day of a kind has shown. */
const priorDays = 0.005

export interface DayKindContext {
  /** Local hour of the day and weekday (0 is Monday) of each series at the origin. */
  readonly localHour: Int8Array
  readonly weekday: Int8Array
}

/** Writes the inputs of series `s` into `row` from `at`; returns where the next input goes. */
export type WriteDayKinds = (row: Float32Array, at: number, s: number) => number

/** Also sets what is expected of the 12 hours ahead, and their scale, to what is usual of their kind of day. */
export function measureDayKinds(
  history: History,
  origin: number,
  expectation: Expectation,
  { localHour, weekday }: DayKindContext,
): WriteDayKinds {
  const day = createDayMeasure(origin, expectation)
  const measure = (s: number): void =>
    day.measure(history.series[s]!, s * 24, localHour[s]!, weekday[s]!)

  for (let s = 0; s < history.series.length; s++) {
    measure(s)
    let scale = 0
    for (let j = 0; j < 12; j++) {
      const usual = day.usualAt(j)
      expectation.ahead[s * 12 + j] = usual
      scale += usual
    }
    expectation.scale[s] = Math.max(scale, expectation.scale[s]! * 1e-3)
  }

  return (row, at, s) => {
    measure(s)
    const hourly = expectation.scale[s]! / 12
    const leaning = hourly * 0.2
    const { sold, share } = day.past
    /** Log of sold over usual in stock of `hours` hours from place `start` of the past hours on. */
    const ratio = (start: number, hours: number): number => {
      let amount = leaning
      let usual = leaning
      for (let i = start; i < start + hours; i++) {
        amount += sold[i]!
        usual += share[i]! * day.usualAt(i - pastHourCount)
      }
      return Math.log(amount / usual)
    }
    const ahead = day.kindAt(0)
    for (let kind = 0; kind < kinds; kind++) row[at++] = kind === ahead ? 1 : 0
    row[at++] = day.kindAt(24) >= 5 ? 1 : 0
    row[at++] = day.kindAt(-24) >= 5 ? 1 : 0
    const today = localHour[s]! < 3 ? 6 : localHour[s]!
    row[at++] = ratio(pastHourCount - today, today)
    for (const hours of spans) row[at++] = ratio(pastHourCount - hours, hours)
    for (let i = 1; i <= pastDays; i++) row[at++] = ratio(pastHourCount - 24 * i, 12)
    for (const days of whole) row[at++] = ratio(pastHourCount - 24 * days, 24 * days)
    for (let i = 1; i <= recentHours; i++) row[at++] = ratio(pastHourCount - i, 1)
    for (let j = 0; j < 12; j++) row[at++] = Math.log1p(expectation.ahead[s * 12 + j]! / hourly)
    return at
  }
}

function createDayMeasure(origin: number, { month }: Expectation) {
  const past = createPastHours()
  const kindOfDay = new Uint8Array(daysBefore + 3)
  const sums = new Float64Array(kinds * 24)
  const weights = new Float64Array(kinds * 24)
  const usual = new Float64Array(kinds * 24)
  let localHour = 0

  /** `hour` counts from the origin. */
  const kindAt = (hour: number): number =>
    kindOfDay[daysBefore + 1 + Math.floor((localHour + hour) / 24)]!
  const usualAt = (hour: number): number =>
    usual[kindAt(hour) * 24 + ((((localHour + hour) % 24) + 24) % 24)]!

  return {
    past,
    kindAt,
    usualAt,
    measure(series: SeriesHistory, first: number, hourAtOrigin: number, weekday: number): void {
      localHour = hourAtOrigin
      readPastHours(series, origin, past)
      for (let i = 0; i < kindOfDay.length; i++) {
        const day = i - daysBefore - 1
        const noon = origin + 24 * day + 12 - localHour
        kindOfDay[i] = isHoliday(series, noon) ? sunday : (weekday + day + 35) % 7
      }
      sums.fill(0)
      weights.fill(0)
      for (let i = 0; i < pastHourCount; i++) {
        const place = kindAt(i - pastHourCount) * 24 + ((localHour + i) % 24)
        sums[place]! += past.sold[i]!
        weights[place]! += past.share[i]!
      }
      for (let hour = 0; hour < 24; hour++) {
        const mean = month[first + ((hour - localHour + 24) % 24)]!
        for (let kind = 0; kind < kinds; kind++) {
          let sum = mean * priorDays
          let weight = priorDays
          for (let other = 0; other < kinds; other++) {
            const like = kindWeights[kind * kinds + other]!
            sum += like * sums[other * 24 + hour]!
            weight += like * weights[other * 24 + hour]!
          }
          usual[kind * 24 + hour] = sum / weight
        }
      }
    },
  }
}

function isHoliday({ known }: SeriesHistory, hour: number): boolean {
  const input = known.holiday
  if (!input || hour < 0) return false
  const step = Math.min(Math.floor(hour / input.hoursPerStep), input.values.length - 1)
  return (input.values[step] ?? 0) > 0.5
}
