import { expect, test } from 'vitest'
import type { History, SeriesHistory } from '../forecaster.ts'
import { buildInputs, inputNames } from './build-inputs.ts'
import { learnLayout } from './layout.ts'

const days = 30
const origin = 29 * 24 + 10
/** A Monday, midnight UTC. */
const from = Date.UTC(2026, 0, 5)

function series(
  site: string,
  product: string,
  amountOf: (hour: number) => number,
  out: (hour: number) => boolean = () => false,
): SeriesHistory {
  return {
    ...{ site, product, device: null, timeZone: 'UTC' },
    statics: { category1: product, region: 'north' },
    value: Float32Array.from({ length: days * 24 }, (_, hour) => (out(hour) ? 0 : amountOf(hour))),
    outMinutes: Uint8Array.from({ length: days * 24 }, (_, hour) => (out(hour) ? 60 : 0)),
    known: {},
  }
}

function inputsOf(list: readonly SeriesHistory[]): (s: number, name: string) => number {
  const history: History = { target: 'demand', from, hours: days * 24, series: list }
  const layout = learnLayout(history, 28 * 24, () => 0)
  const { rows, width } = buildInputs(history, from + origin * 3_600_000, layout)
  const names = inputNames(layout)
  return (s, name) => {
    const at = names.indexOf(name)
    expect(at, name).toBeGreaterThanOrEqual(0)
    return rows[s * width + at]!
  }
}

test('a store that sells twice its usual since midnight says so to its products, and to those of other stores in no way', () => {
  const isToday = (hour: number): boolean => hour >= 29 * 24
  const input = inputsOf([
    series('busy', 'milk', (hour) => (isToday(hour) ? 200 : 100)),
    series('busy', 'rice', (hour) => (isToday(hour) ? 200 : 100)),
    series('calm', 'milk', () => 100),
  ])
  // Ten hours in two series at 200, where 28 days leave 103.6 to be expected, and six hours of belief in 100 of each side.
  const ratio = (20 * 200 + 600) / ((20 * (27 * 100 + 200)) / 28 + 600)
  expect(Math.exp(input(0, 'site.today'))).toBeCloseTo(ratio, 1)
  expect(input(1, 'site.today')).toBe(input(0, 'site.today'))
  expect(Math.exp(input(2, 'site.today'))).toBeCloseTo(1, 1)
  expect(input(2, 'product.today')).toBeGreaterThan(0.2)
})

test('hours out of stock lower no ratio', () => {
  const input = inputsOf([
    series(
      'a',
      'milk',
      () => 100,
      (hour) => hour % 24 >= 14 && hour > 20 * 24,
    ),
    series('b', 'milk', () => 100),
  ])
  for (const span of ['half', 'day', 'yesterday', 'days3', 'week', 'alike', 'fading']) {
    expect(Math.exp(input(0, `self.${span}`)), span).toBeCloseTo(1, 2)
  }
})
