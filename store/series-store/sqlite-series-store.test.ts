import Database from 'better-sqlite3'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { hourMs } from '../../domain/index.ts'
import { serveRpc } from '../../runtime/index.ts'
import { createMemorySeriesStore } from './memory-series-store.ts'
import { connectSeriesStore } from './rpc-series-store.ts'
import { migrations } from './series-schema.ts'
import { reading } from './series-sample.contract.ts'
import { describeSeriesStore } from './series-store.contract.ts'
import { createSqliteSeriesStore } from './sqlite-series-store.ts'

describeSeriesStore('memory', () => {
  const store = createMemorySeriesStore()
  return Promise.resolve({ store, stop: () => store.close() })
})

describeSeriesStore('sqlite file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'larder-series-'))
  const store = createSqliteSeriesStore({ file: join(folder, 'series.db') })
  return Promise.resolve({
    store,
    async stop() {
      await store.close()
      rmSync(folder, { recursive: true })
    },
  })
})

describeSeriesStore('merged at every write', () => {
  const store = createSqliteSeriesStore({ file: ':memory:', merging: { at: 1 } })
  return Promise.resolve({ store, stop: () => store.close() })
})

describeSeriesStore('through a message port', () => {
  const served = createMemorySeriesStore()
  const { port1, port2 } = new MessageChannel()
  serveRpc(port1, served)
  const store = connectSeriesStore(port2)
  return Promise.resolve({
    store,
    async stop() {
      await store.close()
      await served.close()
    },
  })
})

function inFolder(run: (file: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'larder-series-'))
    try {
      await run(join(folder, 'series.db'))
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
}

test(
  'data of schema version 1 opens, with its readings counted',
  inFolder(async (file) => {
    const old = new Database(file)
    old.exec(migrations[0]!)
    old.pragma('user_version = 1')
    old.exec(`INSERT INTO series VALUES (1, 's1', 'probe-1', 'celsius', '');
      INSERT INTO boots VALUES (1, 'b1');
      INSERT INTO levels VALUES (1, 1000, 4.5, 1, 1, 0, 1005, 0), (1, 2000, 5, 1, 2, 0, 2005, 1);`)
    old.close()
    const store = createSqliteSeriesStore({ file })
    expect((await store.stats()).byQuality).toMatchObject({ good: 1, clock: 1 })
    expect((await store.range({ from: 0, to: 3000, limit: 9 })).readings).toHaveLength(2)
    expect(await store.write([reading({ at: 3000 })])).toEqual([{ status: 'stored' }])
    expect((await store.stats()).readings).toBe(3)
    await store.close()
  }),
)

test(
  'a file of a newer Larder is refused with a sentence',
  inFolder(async (file) => {
    const newer = new Database(file)
    newer.pragma('user_version = 99')
    newer.close()
    expect(() => createSqliteSeriesStore({ file })).toThrow(/schema version 99/)
    await Promise.resolve()
  }),
)

test(
  'what one connection wrote, a readonly one reads, and a store opened again goes on',
  inFolder(async (file) => {
    const writer = createSqliteSeriesStore({ file })
    await writer.write([reading()], { group: 'g', partition: 0, position: 4 })
    const reader = createSqliteSeriesStore({ file, readonly: true })
    expect(await reader.latest({})).toEqual([reading()])
    await expect(reader.write([reading()])).rejects.toMatchObject({ code: 'RT_INTERNAL' })
    await reader.close()
    await writer.close()
    const again = createSqliteSeriesStore({ file })
    expect(await again.applied('g')).toEqual(new Map([[0, 4]]))
    await again.write([reading({ at: reading().at + 1000, value: 6, seq: 2 })])
    const from = reading().at
    const [hours] = await again.hourly({ from, to: from + hourMs, by: 'device' })
    expect([...hours!.sum]).toEqual([10])
    await again.close()
  }),
)
