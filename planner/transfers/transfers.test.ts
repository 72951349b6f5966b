import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createManualClock } from '../../runtime/index.ts'
import { sampleTransferInstance } from '../../test/support/transfer-instances.ts'
import { planTransfers } from './plan-transfers.ts'

const plan = (instance: unknown) =>
  planTransfers(instance, { seed: 1, timeLimitMs: 60, clock: createManualClock(0) })

const milk = {
  products: [{ id: 'milk', shortageCost: 10, overageCost: 1, tempClass: 'chilled' }],
  sites: [
    { id: 'w1', kind: 'warehouse' },
    { id: 's1', kind: 'store' },
  ],
  stock: [
    { site: 'w1', product: 'milk', units: 40, holdBack: 5 },
    { site: 's1', product: 'milk', units: 0, holdBack: 0 },
  ],
  demand: [{ site: 's1', product: 'milk', pmf: [0.1, 0.2, 0.4, 0.2, 0.1] }],
  lanes: [
    {
      from: 'w1',
      to: 's1',
      minutesP50: 40,
      minutesP90: 70,
      unitCost: 0.5,
      tripCost: 10,
      capacityUnits: 200,
      tempClasses: ['chilled', 'ambient'],
    },
  ],
  limits: { maxMinutesP90: 120 },
}

test('a unit moves as long as it is worth more than it costs', () => {
  // Worth of units 1..4: (10 + 1) P(D >= q) - 1 = 8.9, 6.7, 2.3, 0.1; the fourth does not pay its 0.5.
  const answer = plan(milk)
  expect(answer.transfers).toMatchObject([{ from: 'w1', to: 's1', product: 'milk', units: 3 }])
  expect(answer.costOfDoingNothing).toBeCloseTo(20)
  expect(answer.cost).toBeCloseTo(20 - (8.9 + 6.7 + 2.3 - 1.5 - 10))
  expect(answer.transfers[0]!.reason).toMatchObject({
    lossToGiver: 0,
    unitCosts: 1.5,
    tripCostShare: 10,
  })
})

test('nothing moves by a trip that costs more than it brings, is too long, too warm, or against the hold-back', () => {
  const lane = milk.lanes[0]!
  for (const change of [
    { lanes: [{ ...lane, tripCost: 17 }] },
    { lanes: [{ ...lane, minutesP90: 121 }] },
    { lanes: [{ ...lane, tempClasses: ['ambient'] }] },
    { lanes: [{ ...lane, capacityUnits: 0 }] },
    { stock: [{ site: 'w1', product: 'milk', units: 40, holdBack: 40 }] },
  ])
    expect(plan({ ...milk, ...change })).toMatchObject({ transfers: [], cost: 20 })
})

test('two products share a trip that neither would pay alone', () => {
  const two = {
    ...milk,
    products: [...milk.products, { ...milk.products[0], id: 'tofu' }],
    stock: [...milk.stock, { site: 'w1', product: 'tofu', units: 9, holdBack: 0 }],
    demand: [...milk.demand, { ...milk.demand[0], product: 'tofu' }],
    lanes: [{ ...milk.lanes[0], tripCost: 20 }],
  }
  const answer = plan(two)
  expect(answer.transfers.map(({ product }) => product).sort()).toEqual(['milk', 'tofu'])
  for (const { saves } of answer.transfers) expect(saves).toBeGreaterThan(0)
})

const sizes = fc.record({
  seed: fc.integer({ min: 100, max: 10_000 }),
  warehouses: fc.integer({ min: 0, max: 2 }),
  stores: fc.integer({ min: 1, max: 4 }),
  products: fc.integer({ min: 1, max: 4 }),
})

test('a plan keeps every limit, is never worse than nothing, and its reasons add up', () => {
  fc.assert(
    fc.property(sizes, ({ seed, ...size }) => {
      const instance = sampleTransferInstance(seed, size)
      const answer = plan(instance)
      const { cost, costOfDoingNothing, bound, transfers } = answer
      expect(cost).toBeLessThanOrEqual(costOfDoingNothing + 1e-9)
      expect(bound).toBeLessThanOrEqual(cost + 1e-9)
      const saved = transfers.reduce((sum, { saves }) => sum + saves, 0)
      expect(saved).toBeCloseTo(costOfDoingNothing - cost, 6)
      for (const { saves, reason } of transfers)
        expect(
          reason.valueToReceiver - reason.lossToGiver - reason.unitCosts - reason.tripCostShare,
        ).toBeCloseTo(saves, 9)
      for (const { site, product, units, holdBack = 0 } of instance.stock) {
        const given = transfers
          .filter((one) => one.from === site && one.product === product)
          .reduce((sum, one) => sum + one.units, 0)
        expect(given).toBeLessThanOrEqual(Math.max(0, units - holdBack))
      }
      for (const lane of instance.lanes) {
        const onLane = transfers.filter(({ from, to }) => from === lane.from && to === lane.to)
        expect(onLane.reduce((sum, { units }) => sum + units, 0)).toBeLessThanOrEqual(
          lane.capacityUnits,
        )
        if (onLane.length > 0) expect(lane.minutesP90).toBeLessThanOrEqual(120)
        for (const { product } of onLane)
          expect(lane.tempClasses).toContain(
            instance.products.find(({ id }) => id === product)!.tempClass,
          )
      }
    }),
    { numRuns: 25, seed: 3 },
  )
})

test('the same instance gives the same plan, and dearer shortage never a cheaper one', () => {
  const instance = sampleTransferInstance(4, { warehouses: 2, stores: 4, products: 3 })
  expect(plan(instance)).toEqual(plan(structuredClone(instance)))
  const dearer = {
    ...instance,
    products: instance.products.map((product) => ({
      ...product,
      shortageCost: product.shortageCost * 1.5,
    })),
  }
  expect(plan(dearer).cost).toBeGreaterThanOrEqual(plan(instance).cost)
})

test('all that is wrong with an instance is said at once', () => {
  const wrong = {
    ...milk,
    products: [{ id: 'milk', shortageCost: -1, overageCost: 1, tempClass: 'warm' }],
  }
  expect(() => plan(wrong)).toThrow(/products\.0\.shortageCost[\s\S]*products\.0\.tempClass/)
  const unknown = {
    ...milk,
    stock: [{ site: 'w9', product: 'milk', units: 1 }],
    demand: [{ site: 's1', product: 'milk' }, ...milk.demand],
  }
  expect(() => plan(unknown)).toThrow(/w9[\s\S]*either pmf or quantiles/)
})
