import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createReplayWorld } from './replay-world.ts'
import { openRecordings } from './recordings.ts'
import type { FreshRetail } from './fresh-retail.ts'

const startAt = Date.parse('2026-11-16T09:20:00+08:00')
const hour = 3_600_000
const day = 24 * hour

/** Two stores, one product, 35 days from a Monday: hour h sells h % 3 pieces by day, and hour 15 is sold out. */
function madeUp(): FreshRetail {
  const hours = 35 * 24
  const pieces = Uint16Array.from({ length: hours }, (_, h) => (h % 24 > 6 ? h % 3 : 0))
  const empty = Uint8Array.from({ length: hours }, (_, h) => (h % 24 === 15 ? 1 : 0))
  const series = [{ product: 7, category: 1, pieces, empty }]
  return {
    firstDay: Date.parse('2024-04-01') / day,
    hours,
    stores: [
      { store: 1, series },
      { store: 2, series },
    ],
  }
}
const world = (from?: unknown) =>
  createReplayWorld({
    recordings: { sales: madeUp(), footfall: null, cold: new Map() },
    startAt,
    historyDays: 28,
    from,
  })

test('recorded sales come in their hour and weekday, and an hour marked empty ends empty', () => {
  const replay = world()
  const sold = new Map<number, number>()
  for (const event of replay.step(startAt + 3 * day)) {
    if (event.type === 'sale' && event.site === 'frn-store-1') {
      const at = Math.floor(event.at / hour)
      sold.set(at, (sold.get(at) ?? 0) + 1)
    }
    if (event.type !== 'shelf' || event.site !== 'frn-store-1') continue
    const { units } = event
    expect(units).toBeGreaterThanOrEqual(0)
    const ofDay = new Date(event.at + 8 * hour).getUTCHours()
    const minute = new Date(event.at).getUTCMinutes()
    if (ofDay === 15 && minute >= 21) expect(units).toBe(0)
  }
  for (let at = Math.ceil(startAt / hour); at < Math.floor((startAt + 3 * day) / hour); at++) {
    const ofDay = (at + 8) % 24
    expect([ofDay, sold.get(at) ?? 0]).toEqual([ofDay, ofDay > 6 ? ofDay % 3 : 0])
  }
})

test('history tells the days before, with the minutes in which nothing could be sold', () => {
  const rows = [...world().history().sales()].filter(({ site }) => site === 'frn-store-2')
  expect(rows.length).toBe(28 * 24)
  expect(rows.at(-1)?.at).toBe(Date.parse('2026-11-16T09:00:00+08:00'))
  for (const { at, units, outOfStockMinutes } of rows) {
    const ofDay = new Date(at + 8 * hour).getUTCHours()
    expect(units).toBe(ofDay > 6 ? ofDay % 3 : 0)
    expect(outOfStockMinutes).toBe(ofDay === 15 ? 60 : 0)
  }
})

test('the recording begins again, on the same weekday, when it ends', () => {
  const replay = world()
  replay.step(startAt + 20 * day)
  const later = replay.step(startAt + 21 * day).filter(({ type }) => type === 'sale')
  expect(later.length).toBe(
    2 * [...Array(24).keys()].reduce((sum, h) => sum + (h > 6 ? h % 3 : 0), 0),
  )
})

test('a transfer lies on top of the recording until the next morning', () => {
  const replay = world()
  const units = (site: string) => replay.stock().find((one) => one.site === site)!.units
  const [before, giver] = [units('frn-store-2'), units('frn-store-1')]
  const lines = [{ product: 'frn-7', units: 2 }]
  const moved = replay.apply({
    type: 'dispatch',
    load: 'a',
    from: 'frn-store-1',
    to: 'frn-store-2',
    lines,
  })
  expect(moved.lines[0]!.units).toBe(Math.min(2, giver))
  replay.apply({ type: 'receive', load: 'a' })
  expect(units('frn-store-2')).toBe(before + moved.lines[0]!.units)
  replay.step(startAt + day)
  expect(units('frn-store-2')).toBe(units('frn-store-1'))
})

test('a save goes on with the same events, however the way is cut', () => {
  const whole = world().step(startAt + day)
  let replay = world()
  const events = [...replay.step(startAt + 5 * hour + 123)]
  replay = world(JSON.parse(JSON.stringify(replay.save())))
  events.push(...replay.step(startAt + 5 * hour + 999), ...replay.step(startAt + day))
  expect(events).toEqual(whole)
})

const empty = mkdtempSync(join(tmpdir(), 'larder-replay-'))
afterAll(() => rmSync(empty, { recursive: true }))
const options = { startAt, historyDays: 28, size: { stores: 2, products: 3 } }

test('a missing folder or file is said with what to give instead', async () => {
  await expect(openRecordings({ ...options, folder: '/nowhere' })).rejects.toThrow(
    /no folder \/nowhere/,
  )
  await expect(openRecordings({ ...options, folder: empty })).rejects.toThrow(/train\.parquet/)
})
