import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { channelType, dayMs, hourMs, type Reading } from '../../domain/index.ts'
import { describeDoubt } from './series-doubt.contract.ts'
import { describeRetention } from './series-retention.contract.ts'
import { reading, start } from './series-sample.contract.ts'
import type { SeriesStore } from './series-store.ts'

export { reading }

/** What every series store promises. `open` gives an empty one. */
export function describeSeriesStore(
  name: string,
  open: () => Promise<{ readonly store: SeriesStore; readonly stop: () => Promise<void> }>,
  { numRuns = 25 } = {},
): void {
  describe(`series store: ${name}`, () => {
    let store: SeriesStore
    let stop: () => Promise<void>
    beforeEach(async () => ({ store, stop } = await open()))
    afterEach(() => stop())
    describeDoubt(() => store)
    describeRetention(() => store)

    const all = async (): Promise<readonly Reading[]> =>
      (await store.range({ from: 0, to: 8e15, limit: 100_000 })).readings

    test('a reading written is read back as it was, and writing it again changes nothing', async () => {
      const one = reading({ gtin: '04006381333931' })
      expect(await store.write([one])).toEqual([{ status: 'stored' }])
      expect(await store.write([one, one])).toEqual([{ status: 'stored' }, { status: 'stored' }])
      expect(await all()).toEqual([one])
      expect((await store.stats()).readings).toBe(1)
    })

    test('of two values for one moment of a level the larger (boot, seq) stays, whatever came first', async () => {
      const early = reading({ seq: 9, value: 3 })
      const late = reading({ seq: 10, value: 2 })
      await store.write([late, early])
      expect(await all()).toEqual([late])
      const nextBoot = reading({ boot: 'b2', seq: 0, value: 7 })
      await store.write([nextBoot])
      await store.write([late])
      expect(await all()).toEqual([nextBoot])
      const [hours] = await store.hourly({ from: start, to: start + hourMs, by: 'device' })
      expect([...hours!.sum]).toEqual([7])
    })

    test('what came from a device that nobody has adopted is in no hour, until the same comes from one of ours', async () => {
      const stray = { device: 'till-9', quality: 'unregistered' } as const
      const sold = reading({ ...stray, channel: 'sold', value: 2 })
      const cold = reading({ ...stray, value: 4 })
      const sums = async () => {
        const hours = await store.hourly({ from: start, to: start + hourMs, by: 'device' })
        return hours.map(({ channel, sum }) => [channel, ...sum])
      }
      await store.write([sold, cold, reading({ ...stray, value: 5, at: start + 9 })])
      expect((await sums()).flat().filter((sum) => typeof sum === 'number' && sum > 0)).toEqual([])
      await store.write([reading({ ...sold, at: start + 8, seq: 2, quality: 'good' })])
      expect(await sums()).toContainEqual(['sold', 2])
      await store.write([{ ...sold, quality: 'good' }])
      expect(await sums()).toContainEqual(['sold', 4])
    })

    test('two counts of one moment are two, and the same count received twice is one', async () => {
      const sale = reading({ device: 'till-1', channel: 'sold', gtin: '04006381333931', value: 1 })
      await store.write([
        sale,
        { ...sale, index: 1 },
        { ...sale, at: start + 9, receivedAt: start + 9 },
      ])
      expect(await all()).toEqual([sale, { ...sale, index: 1 }])
    })

    test('a count imported again with another number replaces the first', async () => {
      const sale = reading({
        device: 'derived',
        channel: 'sold',
        boot: 'import',
        quality: 'imported',
      })
      await store.write([{ ...sale, value: 5 }])
      await store.write([{ ...sale, value: 3 }])
      expect((await all()).map(({ value }) => value)).toEqual([3])
      expect((await store.latest({})).map(({ value }) => value)).toEqual([3])
      const [hours] = await store.hourly({ from: start, to: start + hourMs, by: 'site' })
      expect([...hours!.sum]).toEqual([3])
    })

    test('a value that is no finite number is rejected and the rest is stored', async () => {
      const outcomes = await store.write([
        reading({ value: NaN }),
        reading({ value: Infinity }),
        reading({ at: 1.5 }),
        reading({ value: 5 }),
      ])
      expect(outcomes.map(({ status }) => status)).toEqual([
        'rejected',
        'rejected',
        'rejected',
        'stored',
      ])
      expect(await all()).toEqual([reading({ value: 5 })])
    })

    test('the applied position is kept and never moves back', async () => {
      await store.write([reading()], { group: 'g', partition: 0, position: 7 })
      await store.write([], { group: 'g', partition: 0, position: 5 })
      await store.write([], { group: 'g', partition: 1, position: 2 })
      expect(await store.applied('g')).toEqual(
        new Map([
          [0, 7],
          [1, 2],
        ]),
      )
      expect(await store.applied('other')).toEqual(new Map())
    })

    test('a writer that does not stand where the group stands is refused whole; a batch that is there already is not', async () => {
      const at = (position: number, from: number | null) => ({
        ...{ group: 'g', partition: 3, position, from },
      })
      await store.write([reading()], at(7, null))
      await store.write([reading()], at(7, null))
      await store.write([reading()], at(9, 7))
      for (const late of [at(12, null), at(12, 7), at(8, 7), at(12, 10)])
        await expect(store.write([reading({ at: start + 1 })], late)).rejects.toMatchObject({
          code: 'RT_FENCED',
        })
      expect(await all()).toEqual([reading()])
      expect(await store.applied('g')).toEqual(new Map([[3, 9]]))
    })

    test('the watermark of a site is the newest receive time written from the log, not from an import', async () => {
      await store.write([reading({ receivedAt: start + 50 })], {
        group: 'g',
        partition: 0,
        position: 1,
      })
      await store.write([reading({ receivedAt: start + 20, seq: 2 })], {
        group: 'g',
        partition: 0,
        position: 2,
      })
      await store.write([reading({ site: 's2', receivedAt: start + 90 })])
      expect(await store.watermarks()).toEqual(new Map([['s1', start + 50]]))
    })

    test('a range takes its start and leaves its end, by time and then series', async () => {
      const readings = [2, 0, 1].flatMap((minute) =>
        ['b', 'a'].map((device) => reading({ device, at: start + minute, seq: minute })),
      )
      await store.write(readings)
      const range = await store.range({ site: 's1', from: start, to: start + 2, limit: 10 })
      expect(range.readings.map(({ at, device }) => `${at - start}${device}`)).toEqual([
        '0a',
        '0b',
        '1a',
        '1b',
      ])
      expect(range.next).toBeNull()
    })

    test('pages of a range, one after the other, are the whole range', async () => {
      const readings = Array.from({ length: 40 }, (_, i) =>
        i % 2 === 0
          ? reading({ device: `p${i % 3}`, at: start + Math.floor(i / 7), seq: i })
          : reading({
              device: 'till',
              channel: 'sold',
              at: start + Math.floor(i / 9),
              seq: i,
              index: i,
            }),
      )
      await store.write(readings)
      const whole = await all()
      const pages: Reading[] = []
      let after: string | undefined
      do {
        const page = await store.range({ from: 0, to: 8e15, limit: 3, after })
        pages.push(...page.readings)
        after = page.next ?? undefined
      } while (after !== undefined)
      expect(pages).toEqual(whole)
    })

    test('a cursor that is not ours is refused with a sentence', async () => {
      await expect(store.range({ from: 0, to: 1, limit: 1, after: 'x' })).rejects.toMatchObject({
        code: 'RT_REQUEST_INVALID',
      })
    })

    test('latest is the newest reading of each series, also where an older one came later', async () => {
      await store.write([reading({ at: start + 9, value: 1 })])
      await store.write([reading({ at: start + 3, value: 2 }), reading({ device: 'probe-2' })])
      const latest = await store.latest({ site: 's1' })
      expect(latest.map(({ device, value }) => [device, value])).toEqual([
        ['probe-1', 1],
        ['probe-2', 4],
      ])
    })

    test('latest since a receive time gives the newest received first', async () => {
      await store.write([
        reading({ device: 'a', receivedAt: start + 1 }),
        reading({ device: 'b', receivedAt: start + 3 }),
        reading({ device: 'c', receivedAt: start + 2 }),
      ])
      const latest = await store.latest({ receivedSince: start + 2, limit: 5 })
      expect(latest.map(({ device }) => device)).toEqual(['b', 'c'])
    })

    test('hours of a site add its devices up, and an hour without a reading is NaN', async () => {
      const sold = { channel: 'sold', gtin: '04006381333931' }
      await store.write([
        reading({ ...sold, device: 'till-1', at: start + 10, value: 2 }),
        reading({ ...sold, device: 'till-2', at: start + 20, value: 3 }),
        reading({ ...sold, device: 'till-2', at: start + 2 * hourMs, value: 4, seq: 2 }),
      ])
      const query = { ...sold, from: start - hourMs, to: start + 3 * hourMs }
      const [site] = await store.hourly({ ...query, by: 'site' })
      expect(site).toMatchObject({ site: 's1', device: null, ...sold, from: start - hourMs })
      expect([...site!.sum]).toEqual([NaN, 5, NaN, 4])
      expect([...site!.count]).toEqual([0, 2, 0, 1])
      expect([...site!.max]).toEqual([NaN, 3, NaN, 4])
      expect([...site!.last]).toEqual([NaN, 3, NaN, 4])
      expect(await store.hourly({ ...query, by: 'device' })).toHaveLength(2)
    })

    test('any order with any duplicates ends in the rows, newest values and hours of the clean run', async () => {
      await fc.assert(
        fc.asyncProperty(someReadings, fc.infiniteStream(fc.nat(1000)), async (readings, draws) => {
          const draw = (): number => draws.next().value as number
          const clean = await open()
          const mixed = await open()
          try {
            await clean.store.write(readings)
            const shuffled = [...readings, ...readings.filter(() => draw() % 2 === 0)]
              .map((one) => ({ one, place: draw() }))
              .sort((a, b) => a.place - b.place)
              .map(({ one }) => one)
            for (let i = 0; i < shuffled.length; i += 1 + (draw() % 5), draw()) {
              await mixed.store.write(shuffled.slice(i, i + 5))
            }
            await mixed.store.write(shuffled)
            const everything = { from: start, to: start + 2 * dayMs, limit: 1000 }
            const rows = (await clean.store.range(everything)).readings
            expect((await mixed.store.range(everything)).readings).toEqual(rows)
            expect(await mixed.store.latest({})).toEqual(await clean.store.latest({}))
            expect((await mixed.store.stats()).byQuality).toEqual(
              (await clean.store.stats()).byQuality,
            )
            const hours = await mixed.store.hourly({ ...everything, by: 'device' })
            expect(hours).toEqual(await clean.store.hourly({ ...everything, by: 'device' }))
            for (const series of hours) {
              for (const [i, sum] of series.sum.entries()) {
                const values = rows
                  .filter((row) => row.channel === series.channel && row.device === series.device)
                  .filter(({ at }) => Math.floor((at - start) / hourMs) === i)
                  .map(({ value }) => value)
                expect(series.count[i]).toBe(values.length)
                expect(sum).toBe(values.length ? values.reduce((a, b) => a + b) : NaN)
                expect(series.max[i]).toBe(values.length ? Math.max(...values) : NaN)
                expect(series.min[i]).toBe(values.length ? Math.min(...values) : NaN)
                expect(series.last[i]).toBe(values.at(-1) ?? NaN)
              }
            }
          } finally {
            await clean.stop()
            await mixed.stop()
          }
        }),
        { numRuns },
      )
    })
  })
}

/** Few devices, moments and numbers, so that they meet. A count's value and time follow from its identity, as one message's do. */
const someReadings = fc.array(
  fc
    .record({
      channel: fc.constantFrom('celsius', 'picked'),
      device: fc.constantFrom('d1', 'd2'),
      minute: fc.integer({ min: 0, max: 300 }),
      boot: fc.constantFrom('', 'a', 'b'),
      seq: fc.nat(8),
      index: fc.nat(1),
      value: fc.constantFrom(0.1, 0.2, 0.7, 3),
    })
    .map(({ minute, ...rest }) => {
      const isCount = channelType(rest.channel) === 'count'
      const at = start + (isCount ? rest.seq * 31 + rest.index : minute) * 60_000
      return reading({ ...rest, at, receivedAt: at + 40 })
    }),
  { maxLength: 40 },
)
