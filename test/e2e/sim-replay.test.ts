import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openRecordings } from '../../firmware-sim/index.ts'

const startAt = Date.parse('2026-11-16T09:20:00+08:00')
const day = 86_400_000
const datasets = process.env.LARDER_DATASETS ?? '../shared/data'
const isThere = existsSync(join(datasets, 'freshretailnet', 'train.parquet'))
if (!isThere)
  console.warn(
    `SKIPPED: replay of real recordings. Set LARDER_DATASETS to a folder with freshretailnet/train.parquet (${datasets} has none).`,
  )

test.skipIf(!isThere)(
  'real stores are replayed: sales, empty shelves, footfall and cold rooms',
  async () => {
    const replay = await openRecordings({
      folder: datasets,
      startAt,
      historyDays: 28,
      size: { stores: 2, products: 3 },
    })
    const { sites, planograms } = replay.masterData()
    expect(sites.length).toBe(2)
    expect(planograms.length).toBe(6)
    const past = [...replay.history().sales()]
    expect(past.length).toBe(6 * 28 * 24)
    const daily = past.reduce((sum, { units }) => sum + units, 0) / 28 / 6
    expect(daily).toBeGreaterThan(1)
    expect(daily).toBeLessThan(200)
    expect(past.some(({ outOfStockMinutes }) => outOfStockMinutes > 0)).toBe(true)
    const events = replay.step(startAt + day)
    const kinds = new Set(events.map(({ type }) => type))
    expect([...kinds].sort()).toEqual(['climate', 'door', 'sale', 'shelf'])
    for (const event of events)
      if (event.type === 'climate')
        for (const { room, celsius } of event.rooms)
          if (room === 'frozen-1') expect(celsius).toBeLessThan(-10)
  },
  60_000,
)
