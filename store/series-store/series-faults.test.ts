import Database from 'better-sqlite3'
import { cpSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { dayMs, hourMs, type Reading } from '../../domain/index.ts'
import { createNaiveSeries, hoursOf } from './naive-series.contract.ts'
import { migrations } from './series-schema.ts'
import { reading, start } from './series-sample.contract.ts'
import type { SeriesStore } from './series-store.ts'
import { createSqliteSeriesStore } from './sqlite-series-store.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'larder-series-'))
  file = join(folder, 'series.db')
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const everything = { from: 0, to: 8e15, limit: 10_000 }

async function rows(store: SeriesStore): Promise<readonly Reading[]> {
  return (await store.range(everything)).readings
}

function probe(minute: number, change: Partial<Reading> = {}): Reading {
  return reading({ at: start + minute * 60_000, seq: minute, value: minute / 10, ...change })
}

test('a process that dies at any write of any page leaves all batches up to the applied one, merged or not', async () => {
  const batches = Array.from({ length: 12 }, (_, i) => [
    probe(i),
    probe(i, { device: 'probe-2' }),
    probe(11 - i, { device: 'late', seq: i }),
    probe(i, { device: 'till-1', channel: 'sold', boot: 'b2', seq: 20 - i }),
    probe(i % 4, { device: 'till-1', channel: 'sold', seq: i % 4 }),
  ])
  const store = createSqliteSeriesStore({ file, merging: { at: 20, work: 40 } })
  for (const [i, batch] of batches.entries())
    await store.write(batch, { group: 'g', partition: 0, position: i + 1 })
  const copy = join(folder, 'copy.db')
  const wal = statSync(`${file}-wal`).size
  const frame = 4096 + 24
  const seen = new Set<number>()
  for (let size = wal; size > wal / 2; size -= 3 * frame) {
    cpSync(file, copy)
    cpSync(`${file}-wal`, `${copy}-wal`)
    truncateSync(`${copy}-wal`, size - 100)
    const again = createSqliteSeriesStore({ file: copy, merging: { at: 1 } })
    const applied = (await again.applied('g')).get(0) ?? 0
    seen.add(applied)
    const naive = createNaiveSeries()
    for (const batch of batches.slice(0, applied)) naive.write(batch)
    for (const rest of [[], batches.slice(applied).flat()]) {
      naive.write(rest)
      await again.write(rest)
      expect(await rows(again)).toEqual(naive.range())
      expect(await again.latest({})).toEqual(naive.latest())
      const hourly = (from: number, to: number) => again.hourly({ from, to, by: 'device' })
      expect(await hoursOf(hourly, start, 1)).toEqual(naive.hours())
      expect((await again.stats()).readings).toBe(naive.range().length)
    }
    await again.close()
    rmSync(`${copy}-shm`, { force: true })
  }
  expect(seen.size).toBeGreaterThan(3)
  await store.close()
})

test('a damaged chunk is named and not given; what comes for its time is stored, and all else is there', async () => {
  const found: string[] = []
  const options = { file, merging: { at: 1 }, onDamage: (words: string) => found.push(words) }
  const store = createSqliteSeriesStore(options)
  await store.write([probe(0), probe(1), probe(2)])
  await store.write([probe(0, { device: 'probe-2' })])
  const hand = new Database(file)
  hand.exec(
    "UPDATE chunk_blobs SET data = substr(data, 1, 40) || x'0102' || substr(data, 43) WHERE id = (SELECT blob FROM chunks WHERE series = 1)",
  )
  hand.close()
  await expect(store.range(everything)).rejects.toMatchObject({
    code: 'RT_STORE_DAMAGED',
    message: expect.stringContaining('3 readings of s1/probe-1/celsius from 2026-11-02') as string,
  })
  const other = { ...everything, device: 'probe-2' }
  expect((await store.range(other)).readings).toEqual([probe(0, { device: 'probe-2' })])
  expect(await store.latest({ device: 'probe-1' })).toEqual([probe(2)])
  const [hours] = await store.hourly({ from: start, to: start + hourMs, by: 'device' })
  expect(hours!.count[0]).toBe(3)
  expect(await store.write([probe(1, { seq: 9 })])).toEqual([{ status: 'stored' }])
  expect(found).toHaveLength(1)
  expect(await rows(store)).toEqual([probe(0, { device: 'probe-2' }), probe(1, { seq: 9 })])
  expect((await store.stats()).readings).toBe(2)
  await store.close()
})

test('a damaged batch that waits is set aside and named at the next start, and the others are there', async () => {
  const store = createSqliteSeriesStore({ file })
  await store.write([probe(0)], { group: 'g', partition: 0, position: 1 })
  await store.write([probe(1)], { group: 'g', partition: 0, position: 2 })
  await store.close()
  const hand = new Database(file)
  hand.exec("UPDATE segments SET data = x'00' || substr(data, 2) WHERE id = 1")
  hand.close()
  const found: string[] = []
  const again = createSqliteSeriesStore({ file, onDamage: (words) => found.push(words) })
  expect(found).toEqual([expect.stringContaining('is damaged')])
  expect(await rows(again)).toEqual([probe(1)])
  expect(await again.applied('g')).toEqual(new Map([[0, 2]]))
  await again.close()
  await createSqliteSeriesStore({ file, onDamage: (words) => found.push(words) }).close()
  expect(found).toHaveLength(1)
})

test('a file with a row per reading becomes chunks, and goes on as it was', async () => {
  const old = new Database(file)
  for (const sql of migrations.slice(0, 2)) old.exec(sql)
  old.pragma('user_version = 2')
  const hours = new Float64Array(120)
  new Uint32Array(hours.buffer, 4 * 24 * 8, 24)[0] = 3
  hours.set([1.5], 0)
  hours.set([0.25], 24)
  hours.set([0.75], 48)
  hours.set([0.5], 72)
  old.exec(`INSERT INTO series VALUES (1, 's1', 'probe-1', 'celsius', '', 0), (2, 's1', 'till-1', 'sold', '', ${start});
    INSERT INTO boots VALUES (1, '9'), (2, '10');
    INSERT INTO totals VALUES (0, 1502);
    INSERT INTO latest VALUES (1, ${start + 1499 * 60_000}, 4, 1, 1499, 0, ${start}, 0), (2, ${start + 5}, 2, 2, 4, 1, ${start + 5}, 0);
    INSERT INTO counts VALUES (2, 2, 4, 1, 2, ${start + 5}, ${start + 5}, 0), (2, 1, 7, 0, 1, ${start + 5}, ${start + 5}, 0);`)
  const addLevel = old.prepare('INSERT INTO levels VALUES (1, ?, 4, 1, ?, 0, ?, 0)')
  old.transaction(() => {
    for (let i = 0; i < 1500; i++) addLevel.run(start + i * 60_000, i, start)
  })()
  old.prepare('INSERT INTO days VALUES (1, ?, ?)').run(start / dayMs, new Uint8Array(hours.buffer))
  old.close()
  await createSqliteSeriesStore({ file }).close()
  const store = createSqliteSeriesStore({ file })
  expect((await store.stats()).readings).toBe(1502)
  const all = await rows(store)
  expect(all).toHaveLength(1502)
  expect(all[0]).toEqual(reading({ value: 4, boot: '9', seq: 0, receivedAt: start }))
  const till = { device: 'till-1', channel: 'sold', at: start + 5, receivedAt: start + 5 }
  const sold = [
    reading({ ...till, boot: '9', seq: 7, value: 1 }),
    reading({ ...till, boot: '10', seq: 4, index: 1, value: 2 }),
  ]
  expect(all.filter(({ channel }) => channel === 'sold')).toEqual(sold)
  const query = { device: 'probe-1', from: start, to: start + hourMs, by: 'device' } as const
  const [hour] = await store.hourly(query)
  expect([hour!.sum, hour!.count, hour!.min, hour!.max, hour!.last].map(([one]) => one)).toEqual([
    1.5, 3, 0.25, 0.75, 0.5,
  ])
  await store.write([...sold, all[1]!])
  expect((await store.stats()).readings).toBe(1502)
  const [refused] = await store.write([reading({ ...till, at: start - 1 })])
  expect(refused!.status).toBe('rejected')
  await store.close()
})
