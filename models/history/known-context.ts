import { hourMs, signals, type ContextIssue, type SignalName } from '../../domain/index.ts'
import type { KnownInput } from '../forecaster.ts'
import type { Span } from './span.ts'

/** How a signal stands among the known inputs: under which name, in which units, and how sure a forecast of it is. */
interface KnownSignal {
  readonly input: string
  /** In units in which equal steps do about as much. */
  readonly scale: (value: number) => number
  /** Deviation of a forecast's error 12 hours ahead, for hours of which only what came is known; 0: a plan is what came. */
  readonly error: number
}

const same = (value: number): number => value

export const knownSignals: Readonly<Record<SignalName, KnownSignal>> = {
  'weather-temperature': { input: 'weatherTemperature', scale: same, error: 1.5 },
  'weather-precipitation': { input: 'weatherPrecipitation', scale: same, error: 1 },
  'weather-humidity': { input: 'weatherHumidity', scale: same, error: 8 },
  'weather-wind': { input: 'weatherWind', scale: same, error: 1.5 },
  discount: { input: 'discount', scale: same, error: 0 },
  activity: { input: 'activity', scale: same, error: 0 },
  holiday: { input: 'holiday', scale: same, error: 0 },
  event: { input: 'event', scale: (people) => Math.log1p(people / 100), error: 0 },
  interest: { input: 'interest', scale: (index) => Math.log2(Math.max(0.05, index)), error: 0.1 },
}

/** Hours beyond the history that a forecast looks into, and the age of the forecasts that training sees. */
const horizon = 12

/** The known inputs of a (site, product). Inputs that several have in common are one object. */
export type KnownOf = (site: string, product: string | null) => Readonly<Record<string, KnownInput>>

const nothing: KnownOf = () => ({})

/**
 * Issues as known inputs, hour by hour over `span` and the 12 hours after it. Of the hours ahead only what was issued by the end of
 * the span; of those gone by what was known then (docs/context.md). A signal that nobody forecast is none.
 */
export function readKnown(issues: readonly ContextIssue[], span: Span): KnownOf {
  const hours = Math.round((span.to - span.from) / hourMs) + horizon
  const known = issues
    .filter(({ issuedAt }) => issuedAt <= span.to)
    .toSorted((a, b) => a.issuedAt - b.issuedAt || (a.id < b.id ? -1 : 1))
  const parts = signals.flatMap(({ name, absent }, index) => {
    const own = known.filter(({ signal }) => signal === name)
    if (!own.some(({ basis }) => basis === 'forecast')) return []
    return [createSignal(own, { ...knownSignals[name], absent, index }, span, hours)]
  })
  if (parts.length === 0) return nothing
  return (site, product) =>
    Object.fromEntries(
      parts.flatMap(({ input, of }) => {
        const found = of(site, product)
        return found ? [[input, found] as const] : []
      }),
    )
}

interface SignalInputs {
  readonly input: string
  readonly of: (site: string, product: string | null) => KnownInput | null
}

function createSignal(
  issues: readonly ContextIssue[],
  signal: KnownSignal & { readonly absent: number | null; readonly index: number },
  span: Span,
  hours: number,
): SignalInputs {
  const byPlace = new Map<string, ContextIssue[]>()
  for (const issue of issues) {
    const place = placeOf(issue.site, issue.product)
    const group = byPlace.get(place)
    if (group) group.push(issue)
    else byPlace.set(place, [issue])
  }
  const said = new Map(
    [...byPlace].map(([place, group]) => [place, sayHours(group, signal, span, hours)]),
  )
  // A site of which nothing is said has the weather of the others.
  const others =
    signal.absent === null && !said.has(placeOf(null, null)) ? meanOf([...said.values()]) : null
  const made = new Map<string, KnownInput | null>()

  /** The most particular word first. */
  const of = (site: string, product: string | null): KnownInput | null => {
    const places = [
      ...(product === null ? [] : [placeOf(site, product), placeOf(null, product)]),
      ...[placeOf(site, null), placeOf(null, null)],
    ].filter((place) => said.has(place))
    const key = places.join(' ')
    const earlier = made.get(key)
    if (earlier !== undefined) return earlier
    const layers = places.map((place) => said.get(place)!)
    const input = layer(others ? [...layers, others] : layers, signal, hours)
    made.set(key, input)
    return input
  }
  return { input: signal.input, of }
}

const placeOf = (site: string | null, product: string | null): string =>
  `${site ?? ''}/${product ?? ''}`

/** What issues of one place, the oldest first, say of each hour; NaN where they say nothing. */
function sayHours(
  issues: readonly ContextIssue[],
  signal: KnownSignal & { readonly index: number },
  span: Span,
  hours: number,
): Float32Array {
  const known = new Float32Array(hours).fill(NaN)
  const isSaid = new Uint8Array(hours)
  const came = new Float32Array(hours).fill(NaN)
  /** 3: said before the hour, if later than training wants it; 2: measured; 1: said when it was over. */
  const trust = new Uint8Array(hours)
  const lead = signal.error > 0 ? horizon * hourMs : 0
  for (const issue of issues) {
    const { values, startAt, endAt, issuedAt } = issue
    const first = Math.max(0, Math.round((startAt - span.from) / hourMs - 1))
    for (let hour = first; hour < hours; hour++) {
      const at = span.from + hour * hourMs
      const middle = at + hourMs / 2
      if (middle >= endAt) break
      if (middle < startAt) continue
      const said = values[values.length > 1 ? Math.floor((middle - startAt) / hourMs) : 0]
      const value = said === undefined ? NaN : signal.scale(said)
      const isAhead = at >= span.to
      if (issue.basis === 'forecast' && (isAhead || issuedAt <= at - lead)) {
        known[hour] = value
        isSaid[hour] = 1
      } else if (!isAhead) {
        const rank = issue.basis === 'measured' ? 2 : issuedAt <= at ? 3 : 1
        // The oldest forecast that there is; of what came the newest word.
        if (rank > trust[hour]! || (rank === trust[hour] && rank < 3)) {
          came[hour] = value
          trust[hour] = rank
        }
      }
    }
  }
  for (let hour = 0; hour < hours; hour++) {
    if (isSaid[hour] === 1 || trust[hour] === 0) continue
    const noise = trust[hour] === 3 ? 0 : signal.error * noiseOf(span.from + hour * hourMs, signal)
    const value = came[hour]! + noise
    known[hour] = signal.input === 'weatherPrecipitation' ? Math.max(0, value) : value
  }
  return known
}

/** Standard normal (Box-Muller), the same for an hour however often it is read. */
function noiseOf(at: number, { index }: { readonly index: number }): number {
  const hour = Math.round(at / hourMs)
  const radius = Math.sqrt(-2 * Math.log(1 - chanceOf(hour, 2 * index)))
  return radius * Math.cos(2 * Math.PI * chanceOf(hour, 2 * index + 1))
}

/** Uniform in [0, 1) from two whole numbers: the finaliser of MurmurHash3, as neighbouring seeds of a generator begin alike. */
function chanceOf(a: number, b: number): number {
  let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b + 1, 0x85ebca77)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000
}

/** The first layer that says something of an hour; else what holds where nobody does, or the hour before. */
function layer(
  layers: readonly Float32Array[],
  { scale, absent }: KnownSignal & { readonly absent: number | null },
  hours: number,
): KnownInput | null {
  const values = new Float32Array(hours)
  const usual = absent === null ? null : scale(absent)
  let last = NaN
  for (let hour = 0; hour < hours; hour++) {
    const said = layers.find((one) => !Number.isNaN(one[hour]!))?.[hour]
    values[hour] = said ?? usual ?? last
    last = values[hour]!
  }
  const first = values.findIndex((value) => !Number.isNaN(value))
  if (first < 0) return null
  values.fill(values[first]!, 0, first)
  return { hoursPerStep: 1, values }
}

function meanOf(layers: readonly Float32Array[]): Float32Array | null {
  const [first] = layers
  if (!first) return null
  return first.map((_, hour) => {
    const said = layers.map((one) => one[hour]!).filter((value) => !Number.isNaN(value))
    return said.length === 0 ? NaN : said.reduce((sum, value) => sum + value, 0) / said.length
  })
}
