import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { dayMs, hourMs, type Reading } from '../domain/index.ts'
import { silentLogger, type Stage } from '../runtime/index.ts'
import { createMemorySeriesStore, type SeriesStore } from '../store/index.ts'
import { startPruneLoop } from './prune-loop.ts'

const start = Date.UTC(2026, 9, 25)
const keepDays = 30
const yearMs = 365 * dayMs

let series: SeriesStore
let pruned: number[]
let rollupsPruned: number[]
let loop: Stage
let time: { clock: number; passed: number }

const reading = (at: number): Reading => ({
  site: 's1',
  device: 'probe-1',
  channel: 'celsius',
  gtin: null,
  at,
  receivedAt: at,
  value: 4,
  boot: 'b',
  seq: at,
  index: 0,
  quality: 'good',
})

beforeEach(async () => {
  series = createMemorySeriesStore()
  pruned = []
  rollupsPruned = []
  time = { clock: start, passed: 0 }
  for (const [index, daysAgo] of [keepDays + 1, keepDays - 1, 0].entries()) {
    const applied = { group: 'series', partition: 0, position: index + 1 }
    await series.write([reading(start - daysAgo * dayMs)], applied)
  }
})

afterEach(async () => {
  await loop.stop()
  await series.close()
})

function begin(): void {
  loop = startPruneLoop({
    series: {
      watermarks: () => series.watermarks(),
      prune: (before, rollupsBefore) => {
        pruned.push(before)
        rollupsPruned.push(rollupsBefore ?? -Infinity)
        return series.prune(before, rollupsBefore)
      },
    },
    clock: { now: () => time.clock },
    clockSpeed: 1,
    logger: silentLogger,
    keepDays,
    keepRollupYears: 5,
    lookEveryMs: 1,
    passedMs: () => time.passed,
  })
}

/** Lets so much time pass, the clock going on evenly, and waits until it was looked at. */
async function pass(ms: number): Promise<void> {
  time.clock += ms
  time.passed += ms
  await sleep(25)
}

const kept = async (): Promise<number> => (await series.stats()).readings

it('keeps roll-ups for their years', async () => {
  begin()
  await expect.poll(() => rollupsPruned.length).toBeGreaterThan(0)
  const years = (start - rollupsPruned[0]!) / yearMs
  expect(years).toBeGreaterThan(4.9)
  expect(years).toBeLessThan(5.1)
})

it('drops what is older than is kept, and nothing else', async () => {
  begin()
  await expect.poll(kept).toBe(2)
  await pass(2 * dayMs)
  expect(await kept()).toBe(1)
})

it.each([dayMs, 2 * keepDays * dayMs, 10 * yearMs])(
  'a clock that is set %i ms ahead, and right again later, drops nothing that a right one keeps',
  async (jump) => {
    begin()
    await expect.poll(kept).toBe(2)
    time.clock += jump
    await pass(2 * hourMs)
    expect(pruned.length).toBeGreaterThan(1)
    expect(await kept()).toBe(2)
    time.clock -= jump
    await pass(2 * hourMs)
    expect(await kept()).toBe(2)
  },
)

it('a clock that is years ahead at the start drops only what was old when the newest reading came', async () => {
  time.clock += 10 * yearMs
  begin()
  await expect.poll(kept).toBe(2)
  await pass(2 * hourMs)
  expect(await kept()).toBe(2)
})

it('a clock that is set years back, and right again later, drops nothing, and it looks on', async () => {
  begin()
  await expect.poll(kept).toBe(2)
  time.clock -= 10 * yearMs
  await pass(2 * hourMs)
  time.clock += 10 * yearMs
  await pass(2 * hourMs)
  expect(pruned.length).toBe(3)
  expect(await kept()).toBe(2)
})

it('drops at most once in an hour of the city', async () => {
  begin()
  await expect.poll(kept).toBe(2)
  for (let minutes = 0; minutes < 50; minutes += 10) await pass(hourMs / 6)
  expect(pruned.length).toBe(1)
})
