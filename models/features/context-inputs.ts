import type { History, KnownInput } from '../forecaster.ts'
import { localCalendar } from '../history/local-time.ts'
import type { FeatureLayout } from './layout.ts'

/** Of the 12 hours ahead, and how far they are from what was before. */
const knownParts = ['ahead', 'change', 'yesterday', 'week', 'most', 'least'] as const
const calendarInputs = 7 + 4 + 2

export function contextInputNames(layout: FeatureLayout): readonly string[] {
  return [
    ...Array.from({ length: 7 }, (_, day) => `weekday${day}`),
    'hourSin',
    'hourCos',
    'hourSin2',
    'hourCos2',
    'nextDayShare',
    'nextDayWeekend',
    ...layout.known.flatMap((name) => knownParts.map((part) => `${name}.${part}`)),
    ...Object.entries(layout.statics).flatMap(([name, values]) =>
      values.map((value) => `${name}=${value}`),
    ),
  ]
}

/** Writes calendar, known-future and static inputs of series `s` into `row` from `at`; returns where the next input goes. */
export type WriteContext = (row: Float32Array, at: number, s: number) => number

export function createContextInputs(
  history: History,
  origin: number,
  layout: FeatureLayout,
  context: {
    readonly epochHour: number
    readonly offsetHours: Int8Array
    readonly categories: readonly CategoryPlaces[]
  },
): WriteContext {
  const { epochHour, offsetHours, categories } = context
  const calendars = new Map<number, Float32Array>()
  const known = layout.known.map((name) => ({ name, measure: createKnownMeasure(origin) }))

  return (row, at, s) => {
    const offset = offsetHours[s]!
    let calendar = calendars.get(offset)
    if (!calendar) {
      calendar = calendarOf(epochHour, offset)
      calendars.set(offset, calendar)
    }
    row.set(calendar, at)
    at += calendarInputs
    const inputs = history.series[s]!.known
    for (const { name, measure } of known) {
      const input = inputs[name]
      if (input) row.set(measure(input), at)
      else {
        row.fill(0, at, at + knownParts.length)
        row[at] = layout.absent?.[name] ?? 0
      }
      at += knownParts.length
    }
    for (const { place, size } of categories) {
      row.fill(0, at, at + size)
      if (place[s]! >= 0) row[at + place[s]!] = 1
      at += size
    }
    return at
  }
}

function calendarOf(epochHour: number, offsetHours: number): Float32Array {
  const { hour, weekday } = localCalendar(epochHour, offsetHours)
  const inputs = new Float32Array(calendarInputs)
  inputs[weekday] = 1
  for (const wave of [1, 2]) {
    const angle = (2 * Math.PI * wave * hour) / 24
    inputs[5 + 2 * wave] = Math.sin(angle)
    inputs[6 + 2 * wave] = Math.cos(angle)
  }
  inputs[11] = Math.max(0, hour + 12 - 24) / 12
  inputs[12] = weekday >= 4 && weekday <= 5 ? 1 : 0
  return inputs
}

const monthHours = 28 * 24

/** A known input around an origin, as sums over its steps: the mean of any span is two look-ups. */
interface KnownSums {
  hoursPerStep: number
  firstStep: number
  /** Value of each step, and what they add up to before it, in hours. */
  steps: Float64Array
  before: Float64Array
}

/** Answers the same array each time, and at once where series share one input, as those of a site do. */
function createKnownMeasure(origin: number): (input: KnownInput) => Float32Array {
  const parts = new Float32Array(knownParts.length)
  const monthStart = Math.max(0, origin - monthHours)
  const weekStart = Math.max(0, origin - 168)
  const dayStart = Math.max(0, origin - 24)
  const sums: KnownSums = {
    ...{ hoursPerStep: 24, firstStep: 0 },
    steps: new Float64Array(32),
    before: new Float64Array(32),
  }
  let last: Float32Array | null = null

  return (input) => {
    if (input.values === last) return parts
    last = input.values
    sumKnown(input, monthStart, origin + 12, sums)
    const ahead = meanOf(sums, origin, 12)
    let most = ahead
    let least = ahead
    for (let start = origin - 24; start > monthStart - 24; start -= 24) {
      const past = meanOf(sums, start > 0 ? start : 0, 12)
      if (past > most) most = past
      if (past < least) least = past
    }
    parts[0] = ahead
    parts[1] = ahead - meanOf(sums, monthStart, Math.max(1, origin - monthStart))
    parts[2] = ahead - meanOf(sums, dayStart, 12)
    parts[3] = ahead - meanOf(sums, weekStart, Math.max(1, origin - weekStart))
    parts[4] = ahead - most
    parts[5] = ahead - least
    return parts
  }
}

function sumKnown(
  { hoursPerStep, values }: KnownInput,
  from: number,
  to: number,
  into: KnownSums,
): void {
  const firstStep = Math.floor(from / hoursPerStep)
  const count = Math.ceil(to / hoursPerStep) - firstStep
  if (into.steps.length <= count) {
    into.steps = new Float64Array(count + 1)
    into.before = new Float64Array(count + 1)
  }
  into.hoursPerStep = hoursPerStep
  into.firstStep = firstStep
  const { steps, before } = into
  let sum = 0
  for (let i = 0; i < count; i++) {
    const step = values[Math.min(firstStep + i, values.length - 1)] ?? 0
    steps[i] = step
    before[i] = sum
    sum += step * hoursPerStep
  }
  steps[count] = 0
  before[count] = sum
}

function meanOf(sums: KnownSums, start: number, hours: number): number {
  return (sumUntil(sums, start + hours) - sumUntil(sums, start)) / hours
}

function sumUntil({ hoursPerStep, firstStep, steps, before }: KnownSums, hour: number): number {
  const step = (hour / hoursPerStep) | 0
  const i = step - firstStep
  return before[i]! + (hour - step * hoursPerStep) * steps[i]!
}

/** The one-hot place of each series by one static input; -1 where its value has none. */
export interface CategoryPlaces {
  readonly place: Int16Array
  readonly size: number
}

export function categoryPlaces(history: History, layout: FeatureLayout): readonly CategoryPlaces[] {
  return Object.entries(layout.statics).map(([name, values]) => {
    const places = new Map(values.map((value, place) => [value, place]))
    return {
      place: Int16Array.from(
        history.series,
        ({ statics }) => places.get(statics[name] ?? '') ?? -1,
      ),
      size: values.length,
    }
  })
}
