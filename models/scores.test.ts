import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { quantileLevels } from '../domain/index.ts'
import { compareRows, scoreRows, type ScoredRows } from './scores.ts'

const window = fc.record({
  y: fc.float({ min: 0, max: 50, noNaN: true }),
  steps: fc.array(fc.float({ min: 0, max: 10, noNaN: true }), { minLength: 9, maxLength: 9 }),
  mean: fc.float({ min: 0, max: 50, noNaN: true }),
})
const windows = fc
  .array(window, { minLength: 1, maxLength: 30 })
  .filter((all) => all.some(({ y }) => y > 0.1))

const rowsOf = (all: { y: number; q: number[]; mean: number }[]): ScoredRows => ({
  amount: Float32Array.from(all, ({ y }) => y),
  mean: Float32Array.from(all, ({ mean }) => mean),
  quantiles: Float32Array.from(all.flatMap(({ q }) => q)),
  series: Int32Array.from(all, (_, i) => i),
  site: Int32Array.from(all, (_, i) => i),
})

test('each score equals its one-line definition', () => {
  fc.assert(
    fc.property(windows, (drafts) => {
      const all = drafts.map(({ y, steps, mean }) => ({ y, mean, q: running(steps) }))
      const sum = all.reduce((s, { y }) => s + y, 0)
      const pinball = (p: number, k: number): number =>
        all.reduce((s, { y, q }) => s + (y > q[k]! ? p * (y - q[k]!) : (1 - p) * (q[k]! - y)), 0)
      const scores = scoreRows(rowsOf(all))
      const wql = (2 * (pinball(0.1, 2) + pinball(0.5, 4) + pinball(0.9, 6))) / 3 / sum
      expect(scores.wql).toBeCloseTo(wql, 6)
      expect(scores.wape).toBeCloseTo((2 * pinball(0.5, 4)) / sum, 6)
      expect(scores.wpe).toBeCloseTo(all.reduce((s, { y, mean }) => s + mean - y, 0) / sum, 6)
      scores.coverage.forEach((share, k) => {
        expect(share).toBe(all.filter(({ y, q }) => y <= q[k]! + 1e-4).length / all.length)
      })
      expect(scores.crossings).toBe(0)
    }),
    { numRuns: 50 },
  )
})

test('a window whose quantiles fall counts as crossed', () => {
  const q: number[] = [...quantileLevels]
  const crossed = [...q]
  crossed[3] = 0
  const rows = rowsOf([
    { y: 1, q, mean: 1 },
    { y: 1, q: crossed, mean: 1 },
  ])
  expect(scoreRows(rows).crossings).toBe(0.5)
})

test('a paired comparison is centred on the difference of the scores and says when nothing differs', () => {
  const all = Array.from({ length: 40 }, (_, i) => ({
    y: 1 + (i % 7),
    mean: 3,
    q: quantileLevels.map((p) => p * 6),
  }))
  const worse = all.map((row) => ({ ...row, q: row.q.map((value) => value + 12) }))
  const difference = compareRows(rowsOf(all), rowsOf(worse), { seed: 1, draws: 200 })
  expect(difference.difference).toBeCloseTo(
    scoreRows(rowsOf(all)).wql - scoreRows(rowsOf(worse)).wql,
    6,
  )
  expect(difference.high).toBeLessThan(0)
  expect(compareRows(rowsOf(all), rowsOf(all), { seed: 1, draws: 50 })).toMatchObject({
    ...{ difference: 0, low: 0, high: 0, relative: 0, relativeLow: 0, relativeHigh: 0 },
  })
})

interface Fixture {
  readonly site: number[]
  readonly series: number[]
  readonly amount: number[]
  readonly forecasts: { mean: number[]; quantiles: number[]; expected: Record<string, number> }[]
  readonly expectedDifference: Record<
    'by_store' | 'by_series',
    { difference: number; low95: number; high95: number; units: number; relative: number }
  >
}

test('scores and intervals are those of an independent scorer', () => {
  const path = new URL('../fixtures/scores/seed-7.json', import.meta.url)
  const fixture = JSON.parse(readFileSync(path, 'utf8')) as Fixture
  const [a, b] = fixture.forecasts.map(({ mean, quantiles }) => ({
    amount: Float32Array.from(fixture.amount),
    mean: Float32Array.from(mean),
    quantiles: Float32Array.from(quantiles),
    series: Int32Array.from(fixture.series),
    site: Int32Array.from(fixture.site),
  }))
  fixture.forecasts.forEach(({ expected }, f) => {
    for (const [name, score] of Object.entries(scoreRows(f === 0 ? a! : b!))) {
      const wanted = [expected[name]].flat()
      ;[score as number | number[]].flat().forEach((value, k) => {
        expect(value, name).toBeCloseTo(wanted[k]!, 5)
      })
    }
  })
  const byStore = compareRows(a!, b!, { seed: 3, draws: 4000 })
  const wanted = fixture.expectedDifference.by_store
  expect(byStore).toMatchObject({ by: 'store', units: wanted.units })
  expect(byStore.difference).toBeCloseTo(wanted.difference, 6)
  expect(byStore.relative).toBeCloseTo(wanted.relative, 6)
  expect(Math.abs(byStore.low - wanted.low95)).toBeLessThan(0.002)
  expect(Math.abs(byStore.high - wanted.high95)).toBeLessThan(0.002)
})

test('with fewer than five stores the series are drawn', () => {
  const all = Array.from({ length: 30 }, (_, i) => ({ y: i % 5, mean: 2, q: [...quantileLevels] }))
  const rows = { ...rowsOf(all), site: Int32Array.from(all, (_, i) => i % 4) }
  expect(compareRows(rows, rows, { seed: 1, draws: 20 })).toMatchObject({ by: 'series', units: 30 })
})

function running(steps: readonly number[]): number[] {
  let sum = 0
  return steps.map((step) => (sum = Math.fround(sum + step)))
}
