import { expect, test } from 'vitest'
import { minuteMs, type Lane, type Site, type StockPosition } from '../domain/index.ts'
import { availability } from './availability.ts'

const site: Site = { id: 's1', name: 'Corner', kind: 'store', timeZone: 'Asia/Shanghai' }
const now = Date.UTC(2026, 10, 22, 2, 7)
const stock = (at: string, available: number): StockPosition => ({
  ...{ site: at, product: 'milk', onHand: available + 1, reserved: 1, available, safety: 0 },
  ...{ incoming: 0, inTransit: 0, asOf: now, source: 'ledger', outOfStockSince: null },
  ...{ shelfUnits: null, shelfAt: null, ledgerUnits: null, ledgerSince: null },
  ...{ difference: null, disagreesSince: null },
})
const lane = (from: string, minutesP90: number): Lane => ({
  ...{ id: `${from}-s1`, from, to: 's1', minutesP50: minutesP90 / 2, minutesP90 },
  ...{ unitCost: 1, tripCost: 1, capacityUnits: 50, tempClasses: ['chilled'] },
})
const ask = (units: number, minutesP90 = 40) =>
  availability({
    ...{
      site,
      units,
      now,
      planograms: [{ id: 'w', site: 'w1', product: 'milk', holdBackUnits: 5 }],
    },
    product: { id: 'milk', tempClass: 'chilled' },
    stock: [stock('s1', 3), stock('w1', 20), stock('s2', 1)],
    lanes: [lane('w1', minutesP90), lane('s2', 10)],
  })

test('what is shown in the store is what can be promised there', () => {
  expect(ask(2)).toMatchObject({
    available: 3,
    tiers: [{ tier: 'in-store', units: 3, etaAt: null }, { from: 'w1' }],
  })
})

test('what comes from elsewhere keeps the hold-back and is shown late rather than early', () => {
  const [tier] = ask(4).tiers
  expect(tier).toMatchObject({ tier: 'within-the-hour', from: 'w1', units: 15 })
  expect(tier!.etaAt! % (15 * minuteMs)).toBe(0)
  expect(tier!.etaAt).toBeGreaterThanOrEqual(now + 40 * minuteMs)
  expect(ask(4, 100).tiers[0]!.tier).toBe('today')
})

test('more than anybody can spare, or too late for today, is not offered', () => {
  expect(ask(16).tiers).toEqual([])
  expect(ask(4, 24 * 60).tiers).toEqual([])
})
