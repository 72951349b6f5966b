import { expect, test } from 'vitest'
import { dayMs, hourMs, outOfStockMinutes } from '../../domain/index.ts'
import { createRandom } from '../../runtime/index.ts'
import type { HourlySeries, SeriesStore } from '../../store/index.ts'
import { createHourlyCache, type HourlyValues } from './hourly-cache.ts'

type Query = Parameters<SeriesStore['hourly']>[0]

const start = Date.UTC(2026, 0, 5)
const hour = (count: number): number => start + count * hourMs

/** Amounts by product and hour, given as the store gives them; says how many hours were asked for. */
function createStore() {
  const amounts = new Map<string, Map<number, number>>()
  const asked: number[] = []
  let failing = false
  return {
    asked,
    fail: (isFailing: boolean) => void (failing = isFailing),
    put(product: string, at: number, amount: number): void {
      const hours = amounts.get(product) ?? new Map<number, number>()
      amounts.set(product, hours.set(at, amount))
    },
    hourly({ from, to }: Query): Promise<readonly HourlySeries[]> {
      if (failing) return Promise.reject(new Error('the store is away'))
      const hours = (to - from) / hourMs
      asked.push(hours)
      return Promise.resolve(
        [...amounts].flatMap(([gtin, byHour]): HourlySeries[] => {
          const sum = Float64Array.from(
            { length: hours },
            (_, i) => byHour.get(from + i * hourMs) ?? NaN,
          )
          if (sum.every(Number.isNaN)) return []
          const count = new Uint32Array(hours)
          const names = { site: 's1', device: null, channel: 'sold', gtin }
          return [{ ...names, from, sum, min: sum, max: sum, last: sum, count }]
        }),
      )
    },
  }
}

const queryTo = (to: number, channel = 'sold'): Query => ({
  ...{ from: to - 29 * dayMs, to, channel, by: 'site' },
})

function inOrder(rows: readonly HourlyValues[], of: 'sum' | 'last' = 'sum'): unknown {
  return rows
    .map((row) => ({ gtin: row.gtin, from: row.from, values: Array.from(row[of]) }))
    .sort((a, b) => (a.gtin! < b.gtin! ? -1 : 1))
}

test('with readings up to three days late, each hour is answered as a full read would', async () => {
  const random = createRandom(5)
  const store = createStore()
  const cache = createHourlyCache(store)
  let now = 30 * 24
  for (let round = 0; round < 60; round++) {
    for (let i = 0; i < 30; i++) {
      const late = Math.floor(71 * random.next() ** 3)
      store.put(
        `p${Math.floor(4 * random.next())}`,
        hour(now - 1 - late),
        Math.floor(9 * random.next()),
      )
    }
    // The same hour again, the next one, or some left out.
    now += [0, 1, 1, 1, 5][Math.floor(5 * random.next())]!
    const query = queryTo(hour(now))
    expect(inOrder(await cache.hourly(query))).toEqual(inOrder(await store.hourly(query)))
  }
})

test('a reading that comes a fortnight late counts within half a day of rounds', async () => {
  const store = createStore()
  const cache = createHourlyCache(store)
  for (let i = 0; i < 60 * 24; i++) store.put('milk', hour(i), i % 7)
  let now = 40 * 24
  await cache.hourly(queryTo(hour(now)))
  store.put('milk', hour(now - 14 * 24), 500)
  store.put('rice', hour(now - 20 * 24), 3)
  for (let round = 0; round < 13; round++) await cache.hourly(queryTo(hour(++now)))
  const query = queryTo(hour(now + 1))
  expect(inOrder(await cache.hourly(query))).toEqual(inOrder(await store.hourly(query)))
})

test('a round reads five days, not twenty-nine; after a long gap or a step back all is read', async () => {
  const store = createStore()
  const cache = createHourlyCache(store)
  store.put('milk', hour(700), 1)
  const read = async (to: number): Promise<number> => {
    store.asked.length = 0
    await cache.hourly(queryTo(hour(to)))
    return store.asked.reduce((sum, hours) => sum + hours, 0)
  }
  expect(await read(720)).toBe(29 * 24)
  expect(await read(721)).toBe(5 * 24 + 1)
  expect(await read(721 + 48)).toBe(5 * 24 + 48)
  expect(await read(721 + 48 + 49)).toBe(29 * 24)
  expect(await read(700)).toBe(29 * 24)
})

test('a store that fails leaves what is kept as it was', async () => {
  const store = createStore()
  const cache = createHourlyCache(store)
  for (let i = 0; i < 800; i++) store.put('milk', hour(i), i)
  await cache.hourly(queryTo(hour(720)))
  store.fail(true)
  await expect(cache.hourly(queryTo(hour(721)))).rejects.toThrow('away')
  store.fail(false)
  const query = queryTo(hour(722))
  expect(inOrder(await cache.hourly(query))).toEqual(inOrder(await store.hourly(query)))
})

test('minutes out of stock are kept as minutes', async () => {
  const store = createStore()
  const cache = createHourlyCache(store)
  store.put('milk', hour(719), 33)
  const to = hour(720)
  await cache.hourly(queryTo(to, outOfStockMinutes))
  const [row] = await cache.hourly(queryTo(to + hourMs, outOfStockMinutes))
  expect(Array.from(row!.last).slice(-3)).toEqual([0, 33, 0])
  expect(row!.sum).toHaveLength(0)
})
