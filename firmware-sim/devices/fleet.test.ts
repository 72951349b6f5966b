import { expect, test } from 'vitest'
import { createRandom } from '../../runtime/index.ts'
import { createCity } from '../city/index.ts'
import { createFleet, type DeviceMessage, type Publication } from './index.ts'

const startAt = Date.parse('2026-11-16T16:00:00+08:00')
const minute = 60_000

const parse = ({ payload }: Publication): readonly DeviceMessage[] => {
  const message = JSON.parse(payload) as DeviceMessage | DeviceMessage[]
  return Array.isArray(message) ? message : [message]
}
const setUp = (size: 'small' | 'full' = 'small') => {
  const city = createCity({ seed: 5, startAt, size })
  return { city, fleet: createFleet({ world: city, random: createRandom(5) }) }
}

test('a full city has about 600 devices and stays far below 600 messages a second at 60x', () => {
  const { city, fleet } = setUp('full')
  expect(fleet.devices.length).toBe(588)
  let most = 0
  let all = 0
  // 04:00 to 09:00: the morning runs fill every shelf, the busiest of the day for the shelves.
  const from = startAt + 12 * 60 * minute
  fleet.take(city.step(from), from)
  for (let at = from + minute; at <= from + 5 * 60 * minute; at += minute) {
    const count = fleet.take(city.step(at), at).length
    most = Math.max(most, count)
    all += count
  }
  expect(most).toBeLessThan(600)
  expect(all / (5 * 60)).toBeLessThan(200)
})

test('messages have the shape that docs/devices.md names', () => {
  const { city, fleet } = setUp()
  const kinds = new Map(fleet.devices.map(({ path, kind }) => [path, kind]))
  const gtins = new Set(city.masterData().products.map(({ gtin }) => gtin))
  const channels: Record<string, readonly string[]> = {
    shelf: ['units', 'grams', 'picked'],
    probe: ['celsius', 'humidityPct', 'doorOpen'],
    footfall: ['in', 'out'],
    till: ['sold'],
  }
  const seen = new Map<string, number>()
  for (const publication of fleet.take(city.step(startAt + 240 * minute), startAt + 240 * minute))
    for (const message of parse(publication)) {
      expect(message.kind).toBe(kinds.get(publication.path))
      expect(message.boot).toMatch(/^[0-9a-f]{16}$/)
      expect(message.seq).toBe((seen.get(publication.path) ?? 0) + 1)
      seen.set(publication.path, message.seq)
      expect(message.at).toBeGreaterThan(startAt - 2000)
      expect(message.at).toBeLessThan(startAt + 241 * minute)
      for (const [channel, value] of Object.entries(message.values)) {
        expect([...channels[message.kind]!, 'batteryPct', 'rssiDbm']).toContain(channel)
        expect(Number.isFinite(value)).toBe(true)
      }
      expect(message.gtin !== undefined).toBe('sold' in message.values)
      if (message.gtin !== undefined) expect(gtins).toContain(message.gtin)
    }
  expect(seen.size).toBe(fleet.devices.length)
})

test('every device speaks at least once an interval', () => {
  const { city, fleet } = setUp()
  const last = new Map(fleet.devices.map(({ path }) => [path, startAt]))
  for (let at = startAt + minute; at <= startAt + 180 * minute; at += minute)
    for (const publication of fleet.take(city.step(at), at)) {
      const longest = publication.path.includes('shelf')
        ? 13
        : publication.path.includes('till')
          ? 16
          : 6
      expect(at - last.get(publication.path)!).toBeLessThanOrEqual(longest * minute)
      last.set(publication.path, at)
    }
})

test('what tills and doors say adds up to what happened', () => {
  const { city, fleet } = setUp()
  const events = city.step(startAt + 120 * minute)
  const sum = { sold: 0, in: 0, picked: 0 }
  for (const publication of fleet.take(events, startAt + 120 * minute))
    for (const { values } of parse(publication))
      for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += values[key] ?? 0
  const truth = { sold: 0, in: 0, picked: 0 }
  for (const event of events) {
    if (event.type === 'sale') for (const { units } of event.lines) truth.sold += units
    if (event.type === 'door') truth.in += event.in
    if (event.type === 'shelf') truth.picked += event.picked
  }
  expect(sum.sold).toBe(truth.sold)
  expect(sum.picked).toBe(truth.picked)
  expect(sum.in).toBeLessThanOrEqual(truth.in)
  expect(sum.in).toBeGreaterThan(truth.in * 0.8)
})

test('after a restart from a save each device says the same again, seq and boot included', () => {
  const { city, fleet } = setUp()
  fleet.take(city.step(startAt + 30 * minute), startAt + 30 * minute)
  const saved = JSON.parse(JSON.stringify([city.save(), fleet.save()])) as [unknown, unknown]
  const go = (one: typeof city, devices: typeof fleet, cuts: readonly number[]) => {
    const said = new Map<string, string[]>()
    for (const cut of cuts)
      for (const { path, payload } of devices.take(one.step(startAt + cut), startAt + cut))
        said.set(path, [...(said.get(path) ?? []), payload])
    return said
  }
  const first = go(city, fleet, [90 * minute])
  const again = createCity({ seed: 5, startAt, size: 'small', from: saved[0] })
  const devices = createFleet({ world: again, random: createRandom(99), from: saved[1] })
  expect(go(again, devices, [31 * minute, 44_444 * 60, 90 * minute])).toEqual(first)
})

test('a new interval is kept, and a foolish one refused', () => {
  const { city, fleet } = setUp()
  const path = 'store-1/probe-chilled-1'
  fleet.setIntervalMs(path, minute)
  const said = fleet
    .take(city.step(startAt + 60 * minute), startAt + 60 * minute)
    .filter((one) => one.path === path)
  expect(said.length).toBeGreaterThanOrEqual(55)
  expect(() => fleet.setIntervalMs(path, 5)).toThrow(/from 1000 to/)
})
