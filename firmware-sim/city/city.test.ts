import fc from 'fast-check'
import { expect, test } from 'vitest'
import Value from 'typebox/value'
import { normaliseGtin } from '../../domain/index.ts'
import { masterSchemas } from '../../domain/master-data.ts'
import { citySizes, createCity, type CityEvent } from './index.ts'

const startAt = Date.parse('2026-11-16T16:00:00+08:00')
const hour = 3_600_000
const town = { ...citySizes.full, stores: 2, warehouses: 1, products: 20 }
const small = (seed: number) => createCity({ seed, startAt, size: 'small' })

test('the same seed gives the same events, another seed others', () => {
  const day = (seed: number): readonly CityEvent[] => small(seed).step(startAt + 6 * hour)
  expect(day(7)).toEqual(day(7))
  expect(day(7)).not.toEqual(day(8))
})

test('events are the same however the way there is cut, and through a save', () => {
  const whole = small(5).step(startAt + 4 * hour)
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 4 * hour }), { maxLength: 12 }),
      fc.nat({ max: 11 }),
      (cuts, saveAt) => {
        let city = small(5)
        const events: CityEvent[] = []
        for (const [index, cut] of [...cuts.sort((a, b) => a - b), 4 * hour].entries()) {
          events.push(...city.step(startAt + cut))
          if (index === saveAt) {
            const from: unknown = JSON.parse(JSON.stringify(city.save()))
            city = createCity({ seed: 5, startAt, size: 'small', from })
          }
        }
        expect(events).toEqual(whole)
      },
    ),
    { numRuns: 6, seed: 1 },
  )
})

test('no unit is made or lost, whatever is dispatched, received, returned and collected', () => {
  fc.assert(
    fc.property(fc.nat(), fc.array(fc.nat({ max: 5 }), { maxLength: 30 }), (seed, actions) => {
      const city = small(seed)
      const product = city.masterData().products[seed % 6]!.id
      let at = startAt
      for (const [index, action] of actions.entries()) {
        const load = `t${action % 3}`
        const lines = [{ product, units: 5 + index }]
        if (action < 2)
          city.apply({ type: 'dispatch', load, from: 'warehouse-1', to: 'store-1', lines })
        else if (action === 2) city.apply({ type: 'receive', load })
        else if (action === 3) city.apply({ type: 'return', load })
        else city.apply({ type: 'collect', site: 'store-2', lines })
        city.step((at += 25 * 60_000))
        const now = city.truth()
        expect(now.onHand + now.inTransit + now.inHands + now.sold).toBe(now.started + now.supplied)
        expect(city.stock().every(({ units }) => units >= 0)).toBe(true)
      }
    }),
    { numRuns: 8, seed: 1 },
  )
})

test('shelf events add up to the stock, sales to what was sold', () => {
  const city = small(11)
  const shelves = new Map(city.stock().map((line) => [`${line.site}/${line.product}`, line.units]))
  let sold = 0
  for (const event of city.step(startAt + 30 * hour)) {
    if (event.type === 'shelf') shelves.set(`${event.site}/${event.product}`, event.units)
    if (event.type === 'sale') sold += event.lines.reduce((sum, { units }) => sum + units, 0)
  }
  for (const line of city.stock())
    expect(shelves.get(`${line.site}/${line.product}`)).toBe(line.units)
  expect(sold).toBe(city.truth().sold)
})

test('master data fits the schemas, and every GTIN has its check digit', () => {
  const { sites, products, planograms, lanes, staff } = createCity({
    seed: 1,
    startAt,
  }).masterData()
  expect([sites.length, products.length, planograms.length]).toEqual([10, 40, 400])
  const all = { sites, products, planograms, lanes, staff }
  for (const [kind, items] of Object.entries(all))
    for (const item of items)
      expect([
        kind,
        [...Value.Errors(masterSchemas[kind as keyof typeof masterSchemas], item)],
      ]).toEqual([kind, []])
  expect(products.every(({ gtin }) => normaliseGtin(gtin) === gtin)).toBe(true)
  expect(new Set(products.map(({ gtin }) => gtin)).size).toBe(40)
})

test('the past that is told agrees with the city that lived it', () => {
  const city = createCity({ seed: 3, startAt, size: 'small', historyDays: 14 })
  const rows = [...city.history().sales()]
  const sold = rows.reduce((sum, { units }) => sum + units, 0)
  expect(sold).toBe(city.truth().sold)
  expect(rows.length).toBe(2 * 6 * 14 * 24)
  expect(rows.every((row) => row.outOfStockMinutes >= 0 && row.outOfStockMinutes <= 60)).toBe(true)
  const footfall = [...city.history().footfall()]
  const [into, out] = [
    footfall.reduce((sum, row) => sum + row.in, 0),
    footfall.reduce((sum, row) => sum + row.out, 0),
  ]
  expect(into - out).toBeGreaterThanOrEqual(0)
  expect(into - out).toBeLessThan(30)
})

test('the days that follow are like the days that are told', () => {
  const city = createCity({ seed: 3, startAt, size: 'small', historyDays: 14 })
  const told = city.truth()
  city.step(startAt + 14 * 24 * hour)
  const later = city.truth()
  const ratio = (later.wanted - told.wanted) / told.wanted
  expect(ratio).toBeGreaterThan(0.8)
  expect(ratio).toBeLessThan(1.25)
})

test('stores run out of some products but sell most of what is wanted', () => {
  const { wanted, lost } = createCity({ seed: 2, startAt, historyDays: 10, size: town }).truth()
  expect(lost / wanted).toBeGreaterThan(0.03)
  expect(lost / wanted).toBeLessThan(0.2)
})

test('demand has an hour, a weekday and an offer to learn', () => {
  const city = createCity({ seed: 4, startAt, historyDays: 21, size: town })
  const local = (at: number): Date => new Date(at + 8 * hour)
  const office = [...city.history().sales()].filter(({ site }) => site === 'store-1')
  const mean = (rows: typeof office): number =>
    rows.reduce((sum, { units }) => sum + units, 0) / Math.max(1, rows.length)
  const isWeekend = ({ at }: { at: number }): boolean => [0, 6].includes(local(at).getUTCDay())
  expect(mean(office.filter((row) => !isWeekend(row)))).toBeGreaterThan(
    1.3 * mean(office.filter(isWeekend)),
  )
  const atHour = (hourOfDay: number) =>
    mean(office.filter(({ at }) => local(at).getUTCHours() === hourOfDay))
  expect(atHour(12)).toBeGreaterThan(2 * atHour(21))
  expect(atHour(3)).toBe(0)
  const all = [...city.history().sales()].filter(({ outOfStockMinutes }) => outOfStockMinutes === 0)
  const offered = all.filter((row) => city.discount(row.site, row.product, row.at) < 1)
  const names = new Set(offered.map(({ site, product }) => site + product))
  const usual = all.filter(
    (row) =>
      names.has(row.site + row.product) && city.discount(row.site, row.product, row.at) === 1,
  )
  expect(offered.length).toBeGreaterThan(200)
  expect(mean(offered)).toBeGreaterThan(1.3 * mean(usual))
})
