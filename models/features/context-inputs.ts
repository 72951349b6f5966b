import type { History, KnownInput } from '../forecaster.ts'
import { localCalendar } from '../history/local-time.ts'
import { staticBuckets, type FeatureLayout } from './layout.ts'

export function contextInputNames(layout: FeatureLayout): readonly string[] {
  return [
    ...Array.from({ length: 7 }, (_, day) => `weekday${day}`),
    'hourSin',
    'hourCos',
    'hourSin2',
    'hourCos2',
    'nextDayShare',
    'nextDayWeekend',
    ...layout.known.flatMap((name) => [`${name}.ahead`, `${name}.change`, `${name}.yesterday`]),
    ...layout.statics.flatMap((name) =>
      Array.from({ length: staticBuckets }, (_, i) => `${name}#${i}`),
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
  },
): number {
  const { history, origin, layout } = context
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
  }
  for (const name of layout.statics) {
    const bucket = bucketOf(series.statics[name] ?? '')
    for (let i = 0; i < staticBuckets; i++) row[at++] = i === bucket ? 1 : 0
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

/** FNV-1a, so that the same name has the same place on every machine. */
function bucketOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return ((hash ^ (hash >>> 15)) >>> 0) % staticBuckets
}
