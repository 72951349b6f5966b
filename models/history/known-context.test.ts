import { expect, test } from 'vitest'
import { dayMs, hourMs, readContextIssue, type ContextIssue } from '../../domain/index.ts'
import { readKnown } from './known-context.ts'
import { trimHistory } from './trim-history.ts'

const from = Date.UTC(2026, 0, 5)
const span = { from, to: from + 48 * hourMs }
const at = (hour: number): number => from + hour * hourMs

/** `hours` are counted from the start of the span; so is when it was issued. */
function said(
  signal: string,
  [first, last]: readonly [number, number],
  value: number | readonly number[],
  issued: number,
  more: Readonly<Record<string, unknown>> = {},
): ContextIssue {
  const given = { signal, start: at(first), end: at(last), issuedAt: at(issued), ...more }
  const values = typeof value === 'number' ? { value } : { values: value }
  return readContextIssue({ ...given, ...values }, at(1000))
}

const temperature = (issues: readonly ContextIssue[], site = 's1'): readonly number[] => [
  ...readKnown(issues, span)(site, 'milk').weatherTemperature!.values,
]

test('of the hours ahead an input is what the newest issue by the origin said, and a later one changes nothing', () => {
  const [old, new_] = [
    said('weather-temperature', [0, 70], 5, -20),
    said('weather-temperature', [50, 53], [7, 8, 9], 48),
  ]
  const later = said('weather-temperature', [0, 70], 66, 48.01)
  const known = temperature([new_, old])
  expect(known).toHaveLength(60)
  expect(known.slice(48, 55)).toEqual([5, 5, 7, 8, 9, 5, 5])
  expect(temperature([later, new_, old])).toEqual(known)
})

test('of hours gone by it is what was forecast twelve hours before', () => {
  const issues = [
    said('weather-temperature', [0, 70], 5, -20),
    said('weather-temperature', [0, 70], 6, 10),
    said('weather-temperature', [0, 70], 7, 10.5),
  ]
  const known = temperature(issues)
  expect([known[21], known[22], known[23], known[47]]).toEqual([5, 6, 7, 7])
})

test('where no forecast is so old, a later one is taken, and what was measured only with noise', () => {
  const issues = [
    said('weather-temperature', [20, 70], 6, 19),
    said('weather-temperature', [0, 30], 4, 31, { basis: 'measured' }),
  ]
  const known = temperature(issues)
  expect(known[25]).toBe(6)
  const errors = known.slice(0, 20).map((value) => value - 4)
  const deviation = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / 20)
  expect(deviation).toBeGreaterThan(0.7)
  expect(deviation).toBeLessThan(2.5)
  expect(temperature(issues)).toEqual(known)
  expect(readKnown([issues[1]!], span)('s1', 'milk')).toEqual({})
})

test('a plan counts from when it was known, for what it is about, and until it is withdrawn', () => {
  const about = (more: object) => ({ site: 's1', product: 'milk', ...more })
  const issues = [
    said('discount', [10, 60], 0.9, -5),
    said('discount', [20, 60], 0.7, 0, about({})),
    said('discount', [25, 30], [0.5, 0.5, 0.5, 0.5, 0.5], 27, about({})),
    readContextIssue(
      about({ signal: 'discount', start: at(20), end: at(60), withdraw: true, issuedAt: at(40) }),
      at(1000),
    ),
  ]
  const of = readKnown(issues, span)
  const milk = [...of('s1', 'milk').discount!.values].map((value) => Math.round(value * 10) / 10)
  // At 25 and 26 nobody knew of the half price; from 40 on the city's offer holds again.
  expect([9, 10, 19, 20, 25, 27, 39, 40, 59].map((hour) => milk[hour])).toEqual([
    ...[1, 0.9, 0.9, 0.7, 0.7, 0.5, 0.7, 0.9, 0.9],
  ])
  expect(of('s1', 'rice').discount!.values[30]).toBeCloseTo(0.9)
  expect(of('s2', 'milk').discount).toBe(of('s1', 'rice').discount)
})

test('a site of which nothing is said has the weather of the others, and an event near another is none', () => {
  const issues = [
    said('weather-temperature', [0, 70], 4, -20, { site: 's1' }),
    said('weather-temperature', [0, 70], 8, -20, { site: 's2' }),
    said('event', [5, 9], 900, -20, { site: 's1' }),
  ]
  expect(temperature(issues, 's3')[30]).toBe(6)
  const of = readKnown(issues, span)
  expect(of('s1', 'milk').event!.values[6]).toBeCloseTo(Math.log(10))
  expect(of('s2', 'milk').event!.values[6]).toBe(0)
})

test('nothing said is no input at all', () => {
  expect(readKnown([], span)('s1', 'milk')).toEqual({})
})

test('trimmed of its first days a history keeps its inputs on their hours', () => {
  const issues = [
    said(
      'weather-temperature',
      [0, 100],
      Array.from({ length: 100 }, (_, i) => i % 70),
      -30,
    ),
  ]
  const long = { from, to: from + 3 * dayMs }
  const known = readKnown(issues, long)('s1', 'milk')
  const value = new Float32Array(72).fill(NaN).fill(1, 50)
  const series = {
    ...{ site: 's1', product: 'milk', device: null, timeZone: 'UTC', statics: {}, value, known },
    outMinutes: new Uint8Array(72),
  }
  const trimmed = trimHistory({ target: 'demand', from, hours: 72, series: [series, series] })
  expect(trimmed.from).toBe(from + 2 * dayMs)
  const inputs = trimmed.series.map((one) => one.known.weatherTemperature!)
  expect(inputs[0]!.values[5]).toBe(53)
  expect(inputs[1]).toBe(inputs[0])
})
