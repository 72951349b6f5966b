import { expect, test } from 'vitest'
import { dayMs, type Reading } from '../../domain/index.ts'
import { createNaiveSeries, hoursOf } from './naive-series.contract.ts'
import { reading, start } from './series-sample.contract.ts'
import { createSqliteSeriesStore } from './sqlite-series-store.ts'

const level = (ms: number, seq: number, change: Partial<Reading> = {}): Reading =>
  reading({ at: start + ms, receivedAt: start + ms + 20, seq, value: seq / 10, ...change })
const sale = (ms: number, seq: number, change: Partial<Reading> = {}): Reading =>
  level(ms, seq, { device: 'till-1', channel: 'sold', value: 1, ...change })

/** Each moment more than once: with other ranks, the same again, before and after the newest, over the end of a day. */
const levels = [
  ...[level(0, 1), level(10, 2), level(20, 3), level(20, 5), level(20, 4), level(20, 5)],
  ...[level(10, 2), level(10, 2, { quality: 'sequence' }), level(5, 9), level(30, 6)],
  ...[level(30, 7, { boot: 'b2' }), level(30, 8), level(dayMs, 9), level(0, 0), level(0, 10)],
  ...[level(dayMs, 9, { receivedAt: start }), level(dayMs - 1, 11), level(20, 5), level(40, 12)],
]
const counts = [
  ...[sale(0, 1), sale(0, 2), sale(0, 2, { index: 1 }), sale(10, 3), sale(10, 3)],
  ...[sale(8, 3), sale(30, 2), sale(20, 4), sale(20, 4, { value: 2 }), sale(20, 3, { boot: 'b2' })],
  ...[sale(20, 4, { value: 3, quality: 'imported' }), sale(dayMs, 5), sale(dayMs, 1, { index: 1 })],
  ...[sale(1, 5), sale(dayMs, 5, { quality: 'sequence' }), sale(20, 4, { quality: 'imported' })],
]

test.each([
  ['levels', levels],
  ['counts', counts],
])(
  'what comes again for a moment or a number of %s is settled wherever merges fall',
  async (_, all) => {
    const naive = createNaiveSeries()
    naive.write(all)
    for (let first = 0; first < all.length; first++) {
      const second = first + 1 + (first % 4)
      const store = createSqliteSeriesStore({ file: ':memory:', merging: { at: 1 } })
      await store.write(all.slice(0, first))
      await store.write(all.slice(first, second))
      await store.write(all.slice(second))
      const { readings } = await store.range({ from: 0, to: 8e15, limit: 1000 })
      expect(readings).toEqual(naive.range())
      expect(await store.latest({})).toEqual(naive.latest())
      const hourly = (from: number, to: number) => store.hourly({ from, to, by: 'device' })
      expect(await hoursOf(hourly, start, 2)).toEqual(naive.hours())
      expect((await store.stats()).byQuality).toMatchObject(naive.byQuality())
      await store.close()
    }
  },
)
