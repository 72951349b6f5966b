import fc from 'fast-check'
import { expect, test } from 'vitest'
import { demandFromPmf, demandFromQuantiles, demandProblems, type Demand } from './demand.ts'

const quantiles = fc
  .array(fc.double({ min: 0.05, max: 8, noNaN: true }), { minLength: 2, maxLength: 9 })
  .map((steps) => {
    let value = 0
    return steps.map((step, i) => ({ p: (i + 1) / (steps.length + 1), value: (value += step) }))
  })
const pmf = fc
  .array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 })
  .map((weights) => {
    const sum = weights.reduce((total, weight) => total + weight, 0)
    return weights.map((weight) => weight / sum)
  })

/** Mean of f(D) over many equally likely quantiles: an integral by another road. */
function meanBySampling(demand: Demand, f: (units: number) => number): number {
  const samples = 4000
  let sum = 0
  for (let i = 0; i < samples; i++) sum += f(demand.quantile((i + 0.5) / samples))
  return sum / samples
}

test('expected shortage and overage are those of numeric integration', () => {
  fc.assert(
    fc.property(
      fc.oneof(quantiles.map(demandFromQuantiles), pmf.map(demandFromPmf)),
      fc.double({ min: 0, max: 40, noNaN: true }),
      (demand, units) => {
        const scale = 1 + demand.mean
        expect(
          Math.abs(demand.shortage(units) - meanBySampling(demand, (d) => Math.max(0, d - units))),
        ).toBeLessThan(0.01 * scale)
        expect(
          Math.abs(demand.overage(units) - meanBySampling(demand, (d) => Math.max(0, units - d))),
        ).toBeLessThan(0.01 * scale)
      },
    ),
    { numRuns: 60, seed: 11 },
  )
})

test('what is missed less what is left is the mean less the stock, and a further unit is worth ever less', () => {
  fc.assert(
    fc.property(fc.oneof(quantiles.map(demandFromQuantiles), pmf.map(demandFromPmf)), (demand) => {
      let before = Infinity
      for (let units = 0; units < 30; units++) {
        expect(demand.shortage(units) - demand.overage(units)).toBeCloseTo(demand.mean - units, 6)
        const worth = demand.shortage(units) - demand.shortage(units + 1)
        expect(worth).toBeLessThanOrEqual(before + 1e-9)
        expect(worth).toBeGreaterThanOrEqual(-1e-9)
        before = worth
      }
    }),
    { numRuns: 60, seed: 12 },
  )
})

test('the tail goes on at the mean slope of the given points', () => {
  // 2 at 0.1 to 10 at 0.9: one tenth more is one unit more, so the end is 11.
  const demand = demandFromQuantiles([
    { p: 0.1, value: 2 },
    { p: 0.9, value: 10 },
  ])
  expect(demand.quantile(1)).toBe(11)
  expect(demand.shortage(10)).toBeCloseTo(0.05)
  expect(demand.overage(2)).toBeCloseTo(0.1)
  // 0..2 with 0.1 at mean 1, 2..10 with 0.8 at mean 6, 10..11 with 0.1 at mean 10.5
  expect(demand.mean).toBeCloseTo(0.1 + 4.8 + 1.05)
})

test('equal values are a jump, and one point alone is a certainty from there on', () => {
  const certain = demandFromQuantiles([{ p: 0.5, value: 4 }])
  expect(certain.shortage(4)).toBe(0)
  expect(certain.mean).toBeCloseTo(0.5 * 2 + 0.5 * 4)
  const zero = demandFromQuantiles([
    { p: 0.1, value: 0 },
    { p: 0.9, value: 0 },
  ])
  expect([zero.mean, zero.shortage(0), zero.overage(3)]).toEqual([0, 0, 3])
})

test('two stores of Poisson(5) demand with 5 units each cost what exact enumeration says', () => {
  const chances: number[] = []
  for (let k = 0, chance = Math.exp(-5); k < 80; chance *= 5 / ++k) chances.push(chance)
  const demand = demandFromPmf(chances)
  const cost = (units: number): number => 10 * demand.shortage(units) + demand.overage(units)
  expect(2 * cost(5)).toBeCloseTo(19.301411, 6)
  expect(2 * demand.shortage(5)).toBeCloseTo(1.754674, 6)
  expect(2 * cost(8)).toBeCloseTo(8.686404, 6)
})

test('a distribution that is none is told why', () => {
  expect(demandProblems('demand[0]', {})).toHaveLength(1)
  expect(demandProblems('demand[0]', { pmf: [0.5, 0.2] })[0]).toContain('adds up to 0.7')
  expect(
    demandProblems('demand[0]', {
      quantiles: [
        { p: 0.5, value: 3 },
        { p: 0.4, value: 2 },
      ],
    }),
  ).toHaveLength(1)
})
