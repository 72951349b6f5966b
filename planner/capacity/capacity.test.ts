import fc from 'fast-check'
import { expect, test } from 'vitest'
import { estimateBasketMinutes } from './baskets.ts'
import { answerCapacity } from './plan-capacity.ts'
import { erlangB, erlangC, meanWait, waitQuantile } from './queueing.ts'

const start = (minutes: number): string =>
  new Date(Date.UTC(2026, 10, 22, 2, minutes)).toISOString().replace('.000Z', 'Z')

const instance = {
  slots: [{ start: '2026-11-22T10:00:00+08:00', minutes: 15, staff: 3 }],
  loadLimit: 0.9,
  walkInMinutes: [
    {
      start: '2026-11-22T10:00:00+08:00',
      quantiles: [
        { p: 0.5, value: 8 },
        { p: 0.9, value: 15 },
      ],
    },
  ],
  walkInReserve: 0.8,
  baskets: [{ id: 'b1', start: '2026-11-22T10:00:00+08:00', minutesP50: 6, minutesP90: 9 }],
}

test('a slot of three people and 15 minutes promises 40.5 staff-minutes, less the 0.8 quantile of the walk-ins', () => {
  const slot = answerCapacity(instance).slots[0]!
  expect(slot).toMatchObject({ carriedOverMinutes: 0, usedMinutes: 6, refused: [] })
  expect(slot.capacityMinutes).toBeCloseTo(40.5)
  expect(slot.walkInReserveMinutes).toBeCloseTo(8 + (7 * 0.3) / 0.4)
  expect(slot.remainingBookable).toBeCloseTo(40.5 - 13.25 - 6)
  expect(slot.accepted.map(({ id }) => id)).toEqual(['b1'])
})

test('the queueing functions give the published values', () => {
  expect([erlangC(1, 2 / 3), meanWait(1, 2 / 3, 1 / 3)]).toEqual([
    expect.closeTo(2 / 3, 9),
    expect.closeTo(2 / 3, 9),
  ])
  expect(erlangC(2, 2 / 3)).toBeCloseTo(1 / 6, 9)
  expect(meanWait(2, 2 / 3, 1 / 3)).toBeCloseTo(1 / 24, 9)
  expect(erlangB(2, 2 / 3)).toBeCloseTo(2 / 9 / (1 + 2 / 3 + 2 / 9), 9)
  // 100 calls in 30 minutes of 3 minutes each: 10 erlangs.
  expect(erlangC(14, 10)).toBeCloseTo(0.1741319335950498, 12)
  expect(meanWait(14, 10, 3) * 60).toBeCloseTo(7.83593701177724, 9)
  const within = (c: number, minutes: number): number =>
    1 - erlangC(c, 10) * Math.exp((-(c - 10) * minutes) / 3)
  expect(within(14, 20 / 60)).toBeCloseTo(0.8883500191794669, 12)
  expect(erlangC(11, 10)).toBeCloseTo(0.6821182, 6)
  expect(within(11, 20 / 60)).toBeCloseTo(0.3896138, 6)
  expect(within(14, waitQuantile(14, 10, 3, 0.95))).toBeCloseTo(0.95, 12)
})

test('staff-minutes are never promised twice, walk-ins always keep some, and each basket is answered once', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          staff: fc.integer({ min: 0, max: 5 }),
          walkIn: fc.integer({ min: 0, max: 60 }),
        }),
        { minLength: 1, maxLength: 6 },
      ),
      fc.array(
        fc.record({
          slot: fc.integer({ min: 0, max: 7 }),
          minutes: fc.integer({ min: 1, max: 25 }),
        }),
        { maxLength: 30 },
      ),
      fc.constantFrom(5, 10, 15, 30),
      (slots, baskets, length) => {
        const answer = answerCapacity({
          slots: slots.map(({ staff }, i) => ({
            start: start(i * length),
            minutes: length,
            staff,
          })),
          loadLimit: 0.85,
          walkInMinutes: slots.map(({ walkIn }, i) => ({
            start: start(i * length),
            quantiles: [
              { p: 0.5, value: walkIn / 2 },
              { p: 0.9, value: walkIn },
            ],
          })),
          walkInReserve: 0.8,
          baskets: baskets.map(({ slot, minutes }, i) => ({
            id: `b${i}`,
            start: start(slot * length),
            minutesP50: minutes,
            minutesP90: minutes * 1.5,
          })),
        })
        for (const slot of answer.slots) {
          expect(slot.walkInReserveMinutes).toBeGreaterThan(0)
          expect(slot.remainingBookable).toBeGreaterThanOrEqual(0)
          expect(slot.expectedWaitMinutes.p90).toBeGreaterThanOrEqual(slot.expectedWaitMinutes.p50)
          if (slot.usedMinutes > 0)
            expect(
              slot.usedMinutes + slot.walkInReserveMinutes + slot.carriedOverMinutes,
            ).toBeLessThanOrEqual(slot.capacityMinutes + 1e-6)
        }
        const answered = [
          ...answer.slots.flatMap(({ accepted, refused }) => [...accepted, ...refused]),
          ...answer.refused,
        ].map(({ id }) => id)
        expect(answered.sort()).toEqual(baskets.map((_, i) => `b${i}`).sort())
      },
    ),
    { numRuns: 60, seed: 5 },
  )
})

test('work beyond the hands of a slot is carried into the one that follows at once, and not over a pause', () => {
  const slots = [0, 15, 45].map((minutes) => ({ start: start(minutes), minutes: 15, staff: 1 }))
  const busy = (minutes: number) => ({
    start: start(minutes),
    quantiles: [
      { p: 0.5, value: 30 },
      { p: 0.9, value: 30 },
    ],
  })
  const answer = answerCapacity({
    ...instance,
    slots,
    walkInMinutes: [0, 15, 45].map(busy),
    baskets: [],
  })
  expect(answer.slots.map((slot) => slot.carriedOverMinutes)).toEqual([0, 15, 0])
  expect(answer.slots[1]!.expectedWaitMinutes.p50).toBeGreaterThan(
    answer.slots[0]!.expectedWaitMinutes.p50,
  )
})

test('cutting 15 minutes to 10 adds no staff-minutes', () => {
  const capacity = (length: number): number =>
    answerCapacity({
      ...instance,
      slots: Array.from({ length: 60 / length }, (_, i) => ({
        start: start(i * length),
        minutes: length,
        staff: 3,
      })),
      baskets: [],
      walkInMinutes: [],
    }).slots.reduce((sum, slot) => sum + slot.capacityMinutes, 0)
  expect(capacity(10)).toBeCloseTo(capacity(15))
})

test('all that is wrong with an instance is said at once', () => {
  expect(() =>
    answerCapacity({
      ...instance,
      slots: [...instance.slots, ...instance.slots],
      baskets: [{ ...instance.baskets[0], minutesP90: 1 }],
    }),
  ).toThrow(/minutesP90 is below/)
  expect(() =>
    answerCapacity({ ...instance, slots: [...instance.slots, ...instance.slots] }),
  ).toThrow(/overlap/)
  expect(() => answerCapacity({ ...instance, loadLimit: 2, slots: 1 })).toThrow(
    /slots[\s\S]*loadLimit|loadLimit[\s\S]*slots/,
  )
})

test('a basket takes longer with more lines, units and zones, and longer still at its 0.9 quantile', () => {
  const products = new Map([
    ['milk', { tempClass: 'chilled' as const }],
    ['rice', { tempClass: 'ambient' as const, pickMinutes: 2 }],
  ])
  const milk = estimateBasketMinutes({ lines: [{ product: 'milk', units: 1 }] }, products)
  const both = estimateBasketMinutes(
    {
      lines: [
        { product: 'milk', units: 1 },
        { product: 'rice', units: 3 },
      ],
    },
    products,
  )
  expect(milk.p90).toBeGreaterThan(milk.p50)
  expect(both.p50 - milk.p50).toBeCloseTo(2 + 0.3 + 0.5)
})
