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

/** Answers the same array each time, and at once where series share one input, as those of a site do. */
function createKnownMeasure(origin: number): (input: KnownInput) => Float32Array {
  const parts = new Float32Array(knownParts.length)
  const spans = spansAround(origin)
  const means = new Float64Array(spans.length)
  let places = placeSpans(spans, 24)
  let last: Float32Array | null = null

  return ({ values, hoursPerStep }) => {
    if (values === last) return parts
    last = values
    if (places.hoursPerStep !== hoursPerStep) places = placeSpans(spans, hoursPerStep)
    measureMeans(values, places, means)
    const ahead = means[0]!
    let most = ahead
    let least = ahead
    for (let i = firstPastWindow; i < means.length; i++) {
      const past = means[i]!
      if (past > most) most = past
      if (past < least) least = past
    }
    parts[0] = ahead
    parts[1] = ahead - means[1]!
    parts[2] = ahead - means[2]!
    parts[3] = ahead - means[3]!
    parts[4] = ahead - most
    parts[5] = ahead - least
    return parts
  }
}

interface HourSpan {
  readonly start: number
  readonly hours: number
}

/** The hours ahead, the month before, yesterday's hours, the week before; then the same hours of each past day. */
function spansAround(origin: number): readonly HourSpan[] {
  const monthStart = Math.max(0, origin - monthHours)
  const weekStart = Math.max(0, origin - 168)
  const spans: HourSpan[] = [
    { start: origin, hours: 12 },
    { start: monthStart, hours: Math.max(1, origin - monthStart) },
    { start: Math.max(0, origin - 24), hours: 12 },
    { start: weekStart, hours: Math.max(1, origin - weekStart) },
  ]
  for (let start = origin - 24; start > monthStart - 24; start -= 24) {
    spans.push({ start: Math.max(0, start), hours: 12 })
  }
  return spans
}
const firstPastWindow = 4

/** Where spans lie among the steps of an input: the same for all inputs of as many hours a step. */
interface SpanPlaces {
  readonly hoursPerStep: number
  readonly firstStep: number
  /** Value of each step, and what they add up to before it, in hours. */
  readonly steps: Float64Array
  readonly before: Float64Array
  /** Of the start and the end of each span: its step from the first, and the hours into it. */
  readonly step: Int32Array
  readonly into: Int32Array
  readonly hours: Int32Array
}

function placeSpans(spans: readonly HourSpan[], hoursPerStep: number): SpanPlaces {
  const edges = spans.flatMap(({ start, hours }) => [start, start + hours])
  const firstStep = Math.floor(Math.min(...edges) / hoursPerStep)
  const count = Math.floor(Math.max(...edges) / hoursPerStep) - firstStep + 1
  return {
    ...{ hoursPerStep, firstStep },
    steps: new Float64Array(count),
    before: new Float64Array(count),
    step: Int32Array.from(edges, (hour) => Math.floor(hour / hoursPerStep) - firstStep),
    into: Int32Array.from(edges, (hour) => hour % hoursPerStep),
    hours: Int32Array.from(spans, ({ hours }) => hours),
  }
}

/** With the sums up to each step, the mean of any span is two look-ups. */
function measureMeans(
  values: Float32Array,
  { hoursPerStep, firstStep, steps, before, step, into, hours }: SpanPlaces,
  means: Float64Array,
): void {
  let sum = 0
  for (let i = 0; i < steps.length; i++) {
    const value = values[Math.min(firstStep + i, values.length - 1)] ?? 0
    steps[i] = value
    before[i] = sum
    sum += value * hoursPerStep
  }
  for (let i = 0; i < means.length; i++) {
    const start = step[2 * i]!
    const end = step[2 * i + 1]!
    const until = before[end]! + into[2 * i + 1]! * steps[end]!
    means[i] = (until - before[start]! - into[2 * i]! * steps[start]!) / hours[i]!
  }
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
