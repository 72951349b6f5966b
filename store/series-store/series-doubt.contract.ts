import { expect, test } from 'vitest'
import { hourMs } from '../../domain/index.ts'
import { reading, start } from './series-sample.contract.ts'
import type { SeriesStore } from './series-store.ts'

/** What a store keeps of a number that was given twice. */
export function describeDoubt(storeOf: () => SeriesStore): void {
  test('the same reading again with quality sequence becomes so and stays so, whichever came first', async () => {
    const store = storeOf()
    const all = async () => (await store.range({ from: 0, to: 8e15, limit: 100 })).readings
    const level = reading()
    const count = reading({ device: 'till-1', channel: 'sold', gtin: '04006381333931' })
    const doubted = [level, count].map((one) => ({ ...one, quality: 'sequence' as const }))
    await store.write([level, count])
    await store.write(doubted)
    expect(await all()).toEqual(doubted)
    await store.write([level, { ...count, receivedAt: count.receivedAt - 1 }])
    expect(await all()).toEqual(doubted)
    expect((await store.stats()).byQuality).toMatchObject({ good: 0, sequence: 2 })
    const hours = await store.hourly({ from: start, to: start + hourMs, by: 'device' })
    expect(hours.map(({ sum, count }) => [...sum, ...count])).toEqual([
      [level.value, 1],
      [count.value, 1],
    ])
  })
}
