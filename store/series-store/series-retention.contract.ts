import { expect, test } from 'vitest'
import { dayMs, hourMs, type Reading } from '../../domain/index.ts'
import { reading, start } from './series-sample.contract.ts'
import type { SeriesStore } from './series-store.ts'

/** What a store drops of what is old, and what it keeps. */
export function describeRetention(storeOf: () => SeriesStore): void {
  test('a prune drops old readings, keeps their hours, and what comes for them later is rejected', async () => {
    const store = storeOf()
    await store.write([reading({ value: 3 }), reading({ at: start + dayMs, seq: 2 })])
    expect(await store.prune(start + dayMs + 5)).toEqual({ readings: 1 })
    expect((await all(store)).map(({ at }) => at)).toEqual([start + dayMs])
    const [outcome] = await store.write([reading({ value: 3 })])
    expect(outcome!.status).toBe('rejected')
    const [hours] = await store.hourly({ from: start, to: start + hourMs, by: 'device' })
    expect([...hours!.sum]).toEqual([3])
    expect((await store.stats()).readings).toBe(1)
    const [other] = await store.write([reading({ site: 's9' })])
    expect(other!.status).toBe('stored')
  })

  test('roll-ups of days before the second bound are dropped too, and those after it stay', async () => {
    const store = storeOf()
    const days = [0, 1, 2, 3].map((day) => reading({ at: start + day * dayMs, seq: day }))
    await store.write(days)
    expect(await store.prune(start + 3 * dayMs, start + dayMs + hourMs)).toEqual({ readings: 3 })
    const [hours] = await store.hourly({ from: start, to: start + 4 * dayMs, by: 'device' })
    expect([0, 1, 2, 3].map((day) => hours!.count[day * 24])).toEqual([0, 1, 1, 1])
    expect(await all(store)).toEqual([days[3]])
  })
}

const all = async (store: SeriesStore): Promise<readonly Reading[]> =>
  (await store.range({ from: 0, to: 8e15, limit: 1000 })).readings
