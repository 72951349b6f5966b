import fc from 'fast-check'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { dayMs, type Quality } from '../../domain/index.ts'
import { createNaiveSeries, hoursOf, type NaiveSeries } from './naive-series.contract.ts'
import { reading, start } from './series-sample.contract.ts'
import type { SeriesStore } from './series-store.ts'
import { createSqliteSeriesStore } from './sqlite-series-store.ts'

const days = 3

/** Few series, moments and numbers, so that they meet; now and then at a day's end. */
const someReading = fc
  .record({
    channel: fc.constantFrom('celsius', 'sold'),
    device: fc.constantFrom('d1', 'd2'),
    at: fc.oneof(
      fc.integer({ min: 0, max: 40 }).map((step) => step * 20 * 60_000),
      fc.integer({ min: 0, max: 3 }).map((step) => dayMs - 2 + step),
      fc.integer({ min: 0, max: 2 * 24 * 60 }).map((minute) => minute * 60_000),
    ),
    boot: fc.constantFrom('9', '10'),
    seq: fc.nat(2),
    index: fc.constantFrom(0, 0, 0, 1),
    value: fc.constantFrom(0.1, 0.2, 0.7, 3, -2, NaN),
    delay: fc.nat(3),
    quality: fc.constantFrom<Quality[]>(
      'imported',
      'good',
      'good',
      'good',
      'clock',
      'sequence',
      'unregistered',
      'imported',
    ),
  })
  .map(({ at, delay, ...rest }) =>
    reading({ ...rest, at: start + at, receivedAt: start + at + delay }),
  )

const action = fc.oneof(
  { weight: 6, arbitrary: fc.array(someReading, { minLength: 1, maxLength: 8 }) },
  { weight: 1, arbitrary: fc.constant('restart' as const) },
  { weight: 1, arbitrary: fc.nat(30).map((hours) => start + hours * 3_600_000 + 77) },
)

async function compare(store: SeriesStore, naive: NaiveSeries): Promise<void> {
  const everything = { from: 0, to: 8e15, limit: 10_000 }
  expect((await store.range(everything)).readings).toEqual(naive.range())
  expect(await store.latest({})).toEqual(naive.latest())
  const hourly = (from: number, to: number) => store.hourly({ from, to, by: 'device' })
  expect(await hoursOf(hourly, start, days)).toEqual(naive.hours())
  const { readings, byQuality } = await store.stats()
  expect(readings).toBe(naive.range().length)
  expect(byQuality).toMatchObject(naive.byQuality())
}

test('whatever comes in whatever order, merged whenever and started again, is what the naive store says, for the writer and for one that reads beside it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(action, fc.boolean()), { maxLength: 14 }),
      fc.record({ at: fc.constantFrom(1, 4, 15, 1000), work: fc.constantFrom(1, 40, 1000) }),
      async (actions, merging) => {
        const folder = mkdtempSync(join(tmpdir(), 'larder-series-'))
        const file = join(folder, 'series.db')
        const naive = createNaiveSeries()
        let store = createSqliteSeriesStore({ file, merging })
        let beside = createSqliteSeriesStore({ file, readonly: true })
        try {
          for (const [one, isRead] of actions) {
            if (one === 'restart') {
              await store.close()
              await beside.close()
              store = createSqliteSeriesStore({ file, merging })
              beside = createSqliteSeriesStore({ file, readonly: true })
            } else if (typeof one === 'number') {
              expect(await store.prune(one)).toEqual({ readings: naive.prune(one) })
            } else {
              const outcomes = await store.write(one)
              expect(outcomes.map(({ status }) => status)).toEqual(naive.write(one))
            }
            if (isRead) await compare(beside, naive)
          }
          await compare(store, naive)
        } finally {
          await beside.close()
          await store.close()
          rmSync(folder, { recursive: true })
        }
      },
    ),
    { numRuns: 25 },
  )
})
