import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hourMs, minuteMs, type Reading } from '../../domain/index.ts'
import { createRandom } from '../../runtime/index.ts'
import { createMemorySeriesStore, type SeriesStore } from '../../store/index.ts'
import type { Catalogue } from '../catalogue.ts'
import { createHourlySignals } from './hourly-signals.ts'

const start = Date.UTC(2026, 10, 2, 8)
const gtin = '04006381333931'

const catalogue: Catalogue = {
  refresh: () => Promise.resolve(),
  device: () => ({ isRegistered: true, zone: null }),
  shelfProducts: (_, device) => (device === 'shelf-1' ? ['milk'] : []),
  shelvesOf: () => ['shelf-1'],
  unitGrams: () => 500,
  watchedProducts: () => ['milk'],
  productByGtin: () => 'milk',
  gtinOf: () => gtin,
  stop: () => undefined,
}

let series: SeriesStore
beforeEach(() => {
  series = createMemorySeriesStore()
})
afterEach(() => series.close())

let seq = 0
function reading(
  device: string,
  channel: string,
  at: number,
  value: number,
  receivedAt = at,
): Reading {
  return {
    ...{ site: 's1', device, channel, gtin: null, at, receivedAt, value },
    ...{ seq: seq++, boot: 'b', index: 0, quality: 'good' },
  }
}

/** As the sink does it, a batch at a time. */
async function take(batches: readonly (readonly Reading[])[], into = series): Promise<void> {
  const signals = await createHourlySignals({ series: into, catalogue })
  for (const readings of batches) {
    await into.write(readings)
    if (!signals.isDue(readings)) continue
    const { derived, settle } = await signals.derive(readings)
    await into.write(derived)
    settle()
  }
}

async function derivedOf(channel: string, from = series): Promise<ReadonlyMap<number, number>> {
  const { readings } = await from.range({
    ...{ site: 's1', device: 'derived', channel, from: 0, to: 8e15, limit: 10_000 },
  })
  return new Map(readings.map(({ at, value }) => [(at - start) / hourMs, value]))
}

const door = (minute: number, open: number): Reading =>
  reading('probe-1', 'doorOpen', start + minute * minuteMs, open)
const grams = (minute: number, units: number): Reading =>
  reading('shelf-1', 'grams', start + minute * minuteMs, units * 500 + 3)
const clock = (hour: number): Reading => reading('probe-1', 'celsius', start + hour * hourMs, 4)

describe('door openings', () => {
  test('are counted from shut to open, and the minutes open go over the hour', async () => {
    await take([
      [door(0, 0), door(10, 1), door(12, 0), door(50, 1)],
      [clock(1), door(70, 0), door(80, 1), door(81, 1), door(82, 0)],
      [clock(2)],
    ])
    expect(await derivedOf('doorOpenings')).toEqual(
      new Map([
        [0, 2],
        [1, 1],
      ]),
    )
    expect(await derivedOf('doorOpenMinutes')).toEqual(
      new Map([
        [0, 12],
        [1, 12],
      ]),
    )
  })

  test('that come late are counted in their hour', async () => {
    await take([
      [door(0, 0)],
      [clock(3)],
      [
        { ...door(20, 1), receivedAt: start + 3 * hourMs },
        { ...door(25, 0), receivedAt: start + 3 * hourMs },
      ],
    ])
    expect((await derivedOf('doorOpenings')).get(0)).toBe(1)
  })

  test('of a week ago are counted too', async () => {
    const now = 7 * 24
    await take([
      [door(0, 0)],
      [clock(now)],
      [{ ...door(20, 1), receivedAt: start + now * hourMs }],
      [{ ...door(25, 0), receivedAt: start + now * hourMs }],
    ])
    expect((await derivedOf('doorOpenings')).get(0)).toBe(1)
    expect((await derivedOf('doorOpenMinutes')).get(0)).toBe(5)
  })
})

describe('a shelf that only weighs', () => {
  test('has its picks, refills and level by the mass of a unit', async () => {
    await take([
      [0, 5, 10, 15, 20, 25, 30].map((minute, i) => grams(minute, [9, 9, 8, 8, 6, 18, 18][i]!)),
      [clock(1)],
      [clock(2)],
    ])
    expect((await derivedOf('shelfPicks')).get(0)).toBe(3)
    expect((await derivedOf('shelfRefills')).get(0)).toBe(12)
    expect((await derivedOf('shelfUnits')).get(0)).toBe(18)
  })

  test('needs the next hour to believe its last level, and gets it', async () => {
    await take([[grams(0, 9), grams(30, 9), grams(55, 5)], [clock(1)]])
    expect((await derivedOf('shelfUnits')).get(0)).toBe(9)
    await take([[grams(65, 5), clock(2)]])
    expect((await derivedOf('shelfUnits')).get(0)).toBe(5)
    expect((await derivedOf('shelfPicks')).get(0)).toBe(4)
  })

  test('that counts its picks itself is left alone', async () => {
    const picked = reading('shelf-1', 'picked', start + minuteMs, 1)
    await take([[grams(0, 9), picked, grams(5, 8)], [clock(1)]])
    expect(await derivedOf('shelfPicks')).toEqual(new Map())
  })

  test('that is found late to count them has none derived', async () => {
    await take([[grams(0, 9), grams(5, 9), grams(10, 8), grams(20, 8)], [clock(1)]])
    expect((await derivedOf('shelfPicks')).get(0)).toBe(1)
    const picked = reading('shelf-1', 'picked', start + 10 * minuteMs, 1, start + hourMs)
    await take([[picked]])
    expect((await derivedOf('shelfPicks')).get(0)).toBe(0)
  })
})

test('in whatever order and however often readings come, the hours end as those of the clean run', async () => {
  const hours = 10
  const sight = fc.record({
    minute: fc.integer({ min: 0, max: hours * 60 - 1 }),
    units: fc.integer({ min: 0, max: 12 }),
    open: fc.integer({ min: 0, max: 1 }),
  })
  const channels = ['doorOpenings', 'doorOpenMinutes', 'shelfPicks', 'shelfRefills', 'shelfUnits']
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(sight, { minLength: 3, maxLength: 16, selector: ({ minute }) => minute }),
      fc.integer(),
      fc.integer({ min: 1, max: 9 }),
      async (sights, seed, batchSize) => {
        const random = createRandom(seed)
        const sorted = [...sights].sort((a, b) => a.minute - b.minute)
        const readings = sorted.flatMap(({ minute, units, open }) => [
          grams(minute, units),
          door(minute, open),
        ])
        const clean = createMemorySeriesStore()
        await take(
          [[clock(0)], ...readings.map((one) => [one]), [clock(hours)], [clock(hours + 2)]],
          clean,
        )

        const mixed = createMemorySeriesStore()
        const shuffled = [...readings, ...readings.filter((_, i) => i % 3 === 0)]
          .map((one) => ({ one, place: random.next() }))
          .sort((a, b) => a.place - b.place)
          .map(({ one }, i) => ({ ...one, receivedAt: start + hours * hourMs + i }))
        const batches: Reading[][] = []
        for (let i = 0; i < shuffled.length; i += batchSize)
          batches.push(shuffled.slice(i, i + batchSize))
        await take([[clock(0)], [clock(hours)], ...batches, [clock(hours + 2)]], mixed)

        for (const channel of channels)
          expect(await derivedOf(channel, mixed), channel).toEqual(await derivedOf(channel, clean))
        await Promise.all([clean.close(), mixed.close()])
      },
    ),
    { numRuns: 15 },
  )
})
