import { expect, test } from 'vitest'
import { hourMs, readContextIssue, type ContextIssue, type MasterData } from '../../domain/index.ts'
import type { HourlySeries } from '../../store/index.ts'
import { readCityDemand, readCityFootfall, type CityStores } from './city-history.ts'

const from = Date.UTC(2026, 0, 5)
const span = { from, to: from + 48 * hourMs }
const milk = '00000000000017'

function hourly(
  site: string,
  device: string | null,
  gtin: string | null,
  at: Record<number, number>,
): HourlySeries {
  const sum = new Float64Array(48).fill(NaN)
  for (const [hour, value] of Object.entries(at)) sum[Number(hour)] = value
  return {
    site,
    device,
    channel: 'x',
    gtin,
    from,
    sum,
    count: new Uint32Array(48),
    min: sum,
    max: sum,
    last: sum,
  }
}

function storesOf(
  byChannel: Record<string, readonly HourlySeries[]>,
  issues: readonly ContextIssue[] = [],
): CityStores {
  const master: Partial<{ [K in keyof MasterData]: readonly MasterData[K][] }> = {
    sites: ['tills', 'shelves'].map((id) => ({ id, name: id, kind: 'store', timeZone: 'UTC' })),
    products: [
      {
        id: 'milk',
        name: 'Milk',
        gtin: milk,
        tempClass: 'chilled',
        shortageCost: 1,
        overageCost: 1,
      },
    ],
    planograms: [{ id: 'a', site: 'shelves', product: 'milk', device: 'shelf-001' }],
  }
  return {
    series: {
      hourly: ({ channel, site }) =>
        Promise.resolve(
          (byChannel[channel ?? ''] ?? []).filter((row) => site === undefined || row.site === site),
        ),
    },
    operations: {
      readContext: () => Promise.resolve(issues),
      all: <K extends keyof MasterData>(kind: K) => Promise.resolve(master[kind] ?? []),
    },
  }
}

test('tills count where there are any, shelves through the planogram elsewhere', async () => {
  const history = await readCityDemand(
    storesOf({
      sold: [hourly('tills', null, milk, { 9: 4 })],
      picked: [
        hourly('tills', 'shelf-001', null, { 9: 99 }),
        hourly('shelves', 'shelf-001', null, { 10: 2 }),
        hourly('shelves', 'shelf-077', null, { 10: 50 }),
      ],
      outOfStockMinutes: [hourly('tills', null, milk, { 11: 30 })],
    }),
    span,
  )
  expect(history.series.map(({ site, product }) => [site, product])).toEqual([
    ['shelves', 'milk'],
    ['tills', 'milk'],
  ])
  const [shelves, tills] = history.series
  expect(tills!.value[9]).toBe(4)
  expect(tills!.outMinutes[11]).toBe(30)
  expect(tills!.statics.tempClass).toBe('chilled')
  expect(shelves!.value[10]).toBe(2)
})

test('an hour without a sale is a zero on a day on which the site sold, and unknown on another', async () => {
  const { series } = await readCityDemand(
    storesOf({ sold: [hourly('tills', null, milk, { 9: 4 })] }),
    span,
  )
  expect(series[0]!.value[3]).toBe(0)
  expect(series[0]!.value[23]).toBe(0)
  expect(series[0]!.value[24]).toBeNaN()
})

test('footfall adds up the doors of a site', async () => {
  const history = await readCityFootfall(
    storesOf({
      in: [hourly('tills', null, null, { 8: 10 }), hourly('tills', null, null, { 8: 5 })],
    }),
    span,
  )
  expect(history.series).toHaveLength(1)
  expect(history.series[0]!.value[8]).toBe(15)
})

test('what is said of the hours after the span is a known input, as far as it was issued by then', async () => {
  const issue = (value: number, issuedAt: number): ContextIssue =>
    readContextIssue(
      { signal: 'discount', site: 'tills', start: span.to, value, issuedAt },
      span.to + hourMs,
    )
  const sold = { sold: [hourly('tills', null, milk, { 9: 4 })] }
  const before = await readCityDemand(storesOf(sold, [issue(0.5, span.to - 1)]), span)
  expect(before.series[0]!.known.discount!.values.subarray(47, 50)).toEqual(
    Float32Array.of(1, 0.5, 1),
  )
  const later = [issue(0.5, span.to - 1), issue(0.9, span.to + 1)]
  expect(await readCityDemand(storesOf(sold, later), span)).toEqual(before)
  expect((await readCityDemand(storesOf(sold), span)).series[0]!.known).toEqual({})
})
