import { expect, test } from 'vitest'
import { hourMs } from '../../domain/index.ts'
import type { History, SeriesHistory } from '../forecaster.ts'
import { describePart } from './part-words.ts'

/** Saturday 2026-01-10 14:00 in Shanghai is the sixth hour of the history. */
const origin = Date.UTC(2026, 0, 10, 6)
const from = origin - 6 * hourMs

const words = (
  group: Parameters<typeof describePart>[0],
  known: Record<string, number> = {},
  before = known,
) => {
  const series: SeriesHistory = {
    ...{ site: 's1', product: 'milk', device: null, timeZone: 'Asia/Shanghai', statics: {} },
    value: new Float32Array(6),
    outMinutes: new Uint8Array(6),
    known: Object.fromEntries(
      Object.entries(known).map(([name, value]) => [
        name,
        { hoursPerStep: 1, values: new Float32Array(18).fill(before[name]!).fill(value, 6) },
      ]),
    ),
  }
  const history: History = { target: 'demand', from, hours: 6, series: [series] }
  return describePart(group, history, series, origin)
}

test('parts are said in a person’s words, with what holds in the hours ahead', () => {
  expect(words('calendar')).toBe('Saturday from 14:00')
  expect(words('discount', { discount: 0.8 })).toBe('20 % off')
  expect(words('discount')).toBe('no discount')
  expect(words('event', { event: Math.log1p(9) })).toBe('event near by (900 people)')
  expect(words('event', { event: 0 })).toBe('no event near by')
  expect(words('event', { event: 0 }, { event: 1 })).toBe('no event near by, unlike lately')
  expect(words('discount', { discount: 1 }, { discount: 0.7 })).toBe('no discount, unlike lately')
  expect(words('interest', { interest: 0 }, { interest: 1 })).toBe(
    'talked about 1.0 times the usual (lately 2.0)',
  )
  expect(words('interest', { interest: 1 })).toBe('talked about 2.0 times the usual')
  expect(words('warmth', { weatherTemperature: 23.6 })).toBe('24 °C')
  expect(words('rain', { weatherPrecipitation: 0.5 })).toBe('6.0 mm of rain')
  expect(words('rain', { weatherPrecipitation: 0 })).toBe('no rain')
  expect(words('holiday', { holiday: 1 })).toBe('holiday')
  expect(words('recent')).toBe('what was sold lately')
})
