import { horizonHours, hourMs, type InputGroup } from '../../domain/index.ts'
import type { History, SeriesHistory } from '../forecaster.ts'
import { epochHour, localCalendar, zoneOffsetHours } from '../history/local-time.ts'

const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

type Describe = (ahead: (name: string) => Ahead | null) => string

/** Of what is known ahead: what it will be. */
const describers: Readonly<Partial<Record<InputGroup, Describe>>> = {
  discount(ahead) {
    const price = ahead('discount')?.mean ?? 1
    return price < 0.995 ? `${Math.round(100 * (1 - price))} % off` : 'no discount'
  },
  activity: (ahead) =>
    (ahead('activity')?.most ?? 0) > 0 ? 'planned activity' : 'no activity planned',
  holiday: (ahead) => ((ahead('holiday')?.most ?? 0) > 0 ? 'holiday' : 'no holiday'),
  event(ahead) {
    const people = 100 * Math.expm1(ahead('event')?.most ?? 0)
    return people >= 1 ? `event near by (${Math.round(people)} people)` : 'no event near by'
  },
  interest(ahead) {
    const index = 2 ** (ahead('interest')?.mean ?? 0)
    return `talked about ${index.toFixed(1)} times the usual`
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
  let sum = 0
  let most = -Infinity
  for (let hour = origin; hour < origin + horizonHours; hour++) {
    const step = Math.floor(hour / input.hoursPerStep)
    const value = input.values[Math.min(step, input.values.length - 1)]!
    sum += value
    most = Math.max(most, value)
  }
  return { mean: sum / horizonHours, sum, most }
}
