import type { History, KnownInput } from '../forecaster.ts'
import { localCalendar } from '../history/local-time.ts'
import { type FeatureLayout } from './layout.ts'

/** Of the 12 hours ahead, and how far they are from what was before. */
const knownParts = ['ahead', 'change', 'yesterday', 'week', 'most', 'least'] as const

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

/** Calendar, known-future and static inputs, from `at` on; returns where the next input goes. */
export function writeContextInputs(
  row: Float32Array,
  at: number,
  s: number,
  context: {
    readonly history: History
    readonly origin: number
    readonly epochHour: number
    readonly offsetHours: number
    readonly layout: FeatureLayout
    readonly placeOf: CategoryPlaces
  },
): number {
  const { history, origin, layout, placeOf } = context
  const series = history.series[s]!
  const { hour, weekday } = localCalendar(context.epochHour, context.offsetHours)
  for (let day = 0; day < 7; day++) row[at++] = day === weekday ? 1 : 0
  for (const wave of [1, 2]) {
    const angle = (2 * Math.PI * wave * hour) / 24
    row[at++] = Math.sin(angle)
    row[at++] = Math.cos(angle)
  }
  row[at++] = Math.max(0, hour + 12 - 24) / 12
  row[at++] = weekday >= 4 && weekday <= 5 ? 1 : 0
  for (const name of layout.known) {
    const input = series.known[name]
    const ahead = input ? meanOf(input, origin, 12) : 0
    row[at++] = ahead
    row[at++] = input ? ahead - meanOf(input, Math.max(0, origin - 672), Math.min(origin, 672)) : 0
    row[at++] = input ? ahead - meanOf(input, Math.max(0, origin - 24), 12) : 0
    row[at++] = input ? ahead - meanOf(input, Math.max(0, origin - 168), Math.min(origin, 168)) : 0
    let most = ahead
    let least = ahead
    for (let day = 1; input && day <= 28; day++) {
      const past = meanOf(input, Math.max(0, origin - 24 * day), 12)
      most = Math.max(most, past)
      least = Math.min(least, past)
    }
    row[at++] = ahead - most
    row[at++] = ahead - least
  }
  for (const [name, places] of placeOf) {
    const place = places.get(series.statics[name] ?? '')
    row.fill(0, at, at + places.size)
    if (place !== undefined) row[at + place] = 1
    at += places.size
  }
  return at
}

function meanOf({ hoursPerStep, values }: KnownInput, from: number, hours: number): number {
  if (values.length === 0) return 0
  let sum = 0
  let weight = 0
  const end = from + Math.max(1, hours)
  for (let hour = from; hour < end;) {
    const step = Math.floor(hour / hoursPerStep)
    const next = Math.min(end, (step + 1) * hoursPerStep)
    sum += values[Math.min(step, values.length - 1)]! * (next - hour)
    weight += next - hour
    hour = next
  }
  return sum / weight
}

export type CategoryPlaces = ReadonlyMap<string, ReadonlyMap<string, number>>

/** The one-hot place of each value, by static input. */
export function categoryPlaces(layout: FeatureLayout): CategoryPlaces {
  return new Map(
    Object.entries(layout.statics).map(([name, values]) => [
      name,
      new Map(values.map((value, place) => [value, place])),
    ]),
  )
}
