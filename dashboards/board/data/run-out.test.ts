import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emptyCollections } from './collections.ts'
import { chanceAbove, hoursUntilEmpty, listRunOuts, quantileAt } from './run-out.ts'
import type { ForecastView, SiteView, StockView } from './wire.ts'

const quantiles = [
  { p: 0.1, value: 2 },
  { p: 0.5, value: 6 },
  { p: 0.9, value: 10 },
]

function position(site: string, onHand: number): StockView {
  return {
    site,
    product: 'milk',
    onHand,
    reserved: 0,
    incoming: 0,
    inTransit: 0,
    safety: 0,
    available: onHand,
    asOf: '2026-11-14T10:00:00+08:00',
    source: 'shelf',
    outOfStockSince: null,
    ...{ shelfUnits: onHand, shelfAt: null, ledgerUnits: null, ledgerSince: null },
    ...{ difference: null, disagreesSince: null },
  }
}

function demandAt(site: string): ForecastView {
  return {
    id: `demand.${site}.milk.1`,
    target: 'demand',
    site,
    product: 'milk',
    device: null,
    origin: '2026-11-14T10:00:00+08:00',
    horizonHours: 12,
    total: { mean: 6, quantiles },
    hours: Array.from({ length: 12 }, () => ({ mean: 0.5, quantiles: [] })),
    model: 'm',
    servedBy: 'tfjs:m',
    label: 'candidate',
    reason: 'It is the first.',
    baselines: [],
    graced: false,
    issuedAt: '2026-11-14T10:01:00+08:00',
  }
}

describe('what runs out next', () => {
  it('a chance is read off the line between two quantiles', () => {
    expect(chanceAbove(quantiles, 8)).toBeCloseTo(0.3)
    expect(chanceAbove(quantiles, 6)).toBeCloseTo(0.5)
    expect(chanceAbove(quantiles, 10)).toBe(0)
    expect(chanceAbove(quantiles, 0)).toBe(1)
  })

  it('the chance of more than a quantile is one minus its level', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.11, max: 0.89, noNaN: true }), (p) => {
        expect(chanceAbove(quantiles, quantileAt(quantiles, p))).toBeCloseTo(1 - p)
      }),
    )
  })

  it('more on hand never makes running out likelier', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(20), (a, b) => {
        const [less, more] = a < b ? [a, b] : [b, a]
        expect(chanceAbove(quantiles, more)).toBeLessThanOrEqual(chanceAbove(quantiles, less))
      }),
    )
  })

  it('a shelf is empty within the hour in which the expected demand passes it', () => {
    const hours = [1, 2, 4].map((mean) => ({ mean, quantiles: [] }))
    expect(hoursUntilEmpty(hours, 0)).toBe(0)
    expect(hoursUntilEmpty(hours, 2)).toBeCloseTo(1.5)
    expect(hoursUntilEmpty(hours, 7)).toBeCloseTo(3)
    expect(hoursUntilEmpty(hours, 8)).toBeNull()
  })

  it('lists empty shelves, then likely ones, and leaves warehouses out', () => {
    const sites = ['a', 'b', 'c', 'w'].map((id) => [
      id,
      { id, name: id, kind: id === 'w' ? 'warehouse' : 'store', timeZone: 'UTC' },
    ]) as [string, SiteView][]
    const rows = listRunOuts({
      ...emptyCollections,
      sites: new Map(sites),
      stock: new Map(
        [position('a', 20), position('b', 0), position('c', 4), position('w', 0)].map((one) => [
          `${one.site}.milk`,
          one,
        ]),
      ),
      forecasts: new Map(['a', 'b', 'c'].map((site) => [`demand.${site}.milk`, demandAt(site)])),
    })
    expect(rows.map((row) => [row.stock.site, row.severity])).toEqual([
      ['b', 'critical'],
      ['c', 'critical'],
      ['a', 'good'],
    ])
  })
})
