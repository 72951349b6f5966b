import { horizonHours, hourMs, type InputGroup } from '../../domain/index.ts'
import type { History, SeriesHistory } from '../forecaster.ts'
import { epochHour, localCalendar, zoneOffsetHours } from '../history/local-time.ts'

const latelyHours = 28 * 24
const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

type Describe = (ahead: (name: string) => Ahead | null) => string

/** Of what is known ahead: what it will be. */
const describers: Readonly<Partial<Record<InputGroup, Describe>>> = {
  discount(ahead) {
    const { mean: price, before } = ahead('discount') ?? { mean: 1, before: 1 }
    if (price < 0.995) return `${Math.round(100 * (1 - price))} % off`
    return before < 0.995 ? 'no discount, unlike lately' : 'no discount'
  },
  activity: (ahead) =>
    (ahead('activity')?.most ?? 0) > 0 ? 'planned activity' : 'no activity planned',
  holiday: (ahead) => ((ahead('holiday')?.most ?? 0) > 0 ? 'holiday' : 'no holiday'),
  event(ahead) {
    const { most, before } = ahead('event') ?? { most: 0, before: 0 }
    const people = Math.round(100 * Math.expm1(most))
    if (people >= 1) return `event near by (${people} people)`
    return before > 0 ? 'no event near by, unlike lately' : 'no event near by'
  },
  interest(ahead) {
    const { mean, before } = ahead('interest') ?? { mean: 0, before: 0 }
    const index = (2 ** mean).toFixed(1)
    const lately = (2 ** before).toFixed(1)
    const after = index === lately ? '' : ` (lately ${lately})`
    return `talked about ${index} times the usual${after}`
  },
  warmth(ahead) {
    const celsius = ahead('weatherTemperature')?.mean
    return celsius === undefined ? 'temperature' : `${Math.round(celsius)} °C`
  },
  rain(ahead) {
    const millimetres = ahead('weatherPrecipitation')?.sum ?? 0
    return millimetres >= 0.5 ? `${millimetres.toFixed(1)} mm of rain` : 'no rain'
  },
}

const words: Readonly<Record<InputGroup, string>> = {
  ...{ calendar: 'weekday and hour', discount: 'discount', activity: 'activity' },
  ...{ holiday: 'holiday', event: 'event', interest: 'social interest' },
  ...{ warmth: 'temperature', rain: 'rain', air: 'wind and humidity' },
  recent: 'what was sold lately',
  'same-hours': 'the same hours of the last days',
  site: 'how the store is doing',
  product: 'how it sells in other stores',
  alike: 'how goods like it sell',
  'stock-outs': 'how long it was out of stock',
  pattern: 'how it sells in the long run',
  kind: 'the kind of product',
}

/** What a group of inputs says of the 12 hours ahead, in a person's words. */
export function describePart(
  group: InputGroup,
  history: History,
  series: SeriesHistory,
  originAt: number,
): string {
  if (group === 'calendar') {
    const offset = zoneOffsetHours(series.timeZone, originAt)
    const { hour, weekday } = localCalendar(epochHour(originAt), offset)
    return `${weekdays[weekday] ?? ''} from ${String(hour).padStart(2, '0')}:00`
  }
  const describe = describers[group]
  return describe?.((name) => readAhead(history, series, originAt, name)) ?? words[group]
}

interface Ahead {
  readonly mean: number
  readonly sum: number
  readonly most: number
  /** Mean of the 28 days before. */
  readonly before: number
}

function readAhead(
  history: History,
  series: SeriesHistory,
  originAt: number,
  name: string,
): Ahead | null {
  const input = series.known[name]
  if (!input || input.values.length === 0) return null
  const origin = Math.round((originAt - history.from) / hourMs)
  const valueAt = (hour: number): number =>
    input.values[Math.min(Math.floor(hour / input.hoursPerStep), input.values.length - 1)]!
  let sum = 0
  let most = -Infinity
  for (let hour = origin; hour < origin + horizonHours; hour++) {
    sum += valueAt(hour)
    most = Math.max(most, valueAt(hour))
  }
  const first = Math.max(0, origin - latelyHours)
  let before = 0
  for (let hour = first; hour < origin; hour++) before += valueAt(hour) / (origin - first)
  return { mean: sum / horizonHours, sum, most, before: origin > first ? before : valueAt(0) }
}
