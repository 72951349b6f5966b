import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { migrate, migrations } from './migrations.ts'
import { deadLetter, forecast, slot, start } from './samples.contract.ts'
import type { Tables } from './schema.ts'
import { createSqliteOperationsStore } from './sqlite-operations-store.ts'

/** A store of version 1 as SQL text, written by the release that introduced it. */
const version1 = readFileSync(
  new URL('../../fixtures/operations-store/version-1.sql', import.meta.url),
  'utf8',
)

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'larder-migrations-'))
  file = join(folder, 'operations.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

const openTables = (): Kysely<Tables> =>
  new Kysely<Tables>({ dialect: new SqliteDialect({ database: new Sqlite(file) }) })

it('the data of version 1 opens, whole', async () => {
  new Sqlite(file).exec(version1).close()
  const store = await createSqliteOperationsStore({ file })
  expect(await store.get('sites', 's1')).toMatchObject({ timeZone: 'Asia/Shanghai' })
  expect(await store.get('forecasts', forecast(start).id)).toEqual(forecast(start, { reason: '' }))
  expect(await store.get('dead-letters', '0.1')).toEqual(deadLetter(1))
  expect(await store.get('slots', slot(0).id)).toMatchObject({ heldMinutes: 10 })
  expect(await store.get('stock', 's1.p1')).toMatchObject({ onHand: 9, reserved: 2 })
  expect(await store.applied('ingest')).toEqual(new Map([[0, 1]]))
  expect((await store.changes(0, 99)).changes.map(({ number }) => number)).toEqual([
    ...[1, 2, 3, 4, 5, 6, 7, 8, 9],
  ])
  await store.close()
})

it('version 1 is still what was released', async () => {
  const schemaOf = (db: Sqlite.Database): unknown => {
    const found = db.prepare('select name, sql from sqlite_master order by name').all()
    db.close()
    return found
  }
  const db = openTables()
  await migrate(db, { binary: 'blob', name: file, steps: migrations.slice(0, 1) })
  await db.destroy()
  expect(schemaOf(new Sqlite(file))).toEqual(schemaOf(new Sqlite(':memory:').exec(version1)))
})

it('each version is one step further, taken once and whole', async () => {
  new Sqlite(file).exec(version1).close()
  const db = openTables()
  const next = [
    ...migrations,
    async (tx: Kysely<Tables>) => {
      await tx.schema.alterTable('leases').addColumn('note', 'text').execute()
    },
  ]
  await migrate(db, { binary: 'blob', name: file, steps: next })
  await migrate(db, { binary: 'blob', name: file, steps: next })
  const columns = (await db.introspection.getTables()).find(({ name }) => name === 'leases')
  expect(columns?.columns.map(({ name }) => name)).toContain('note')

  const broken = [
    ...next,
    async (tx: Kysely<Tables>) => {
      await tx.schema.dropTable('leases').execute()
      throw new Error('half-way')
    },
  ]
  await expect(migrate(db, { binary: 'blob', name: file, steps: broken })).rejects.toThrow()
  expect((await db.introspection.getTables()).map(({ name }) => name)).toContain('leases')
  await db.destroy()
})

it('the data of a newer Larder is left alone, with a sentence that says so', async () => {
  await (await createSqliteOperationsStore({ file })).close()
  new Sqlite(file).exec('update schemaVersion set version = 99').close()
  await expect(createSqliteOperationsStore({ file })).rejects.toThrow(/newer Larder \(schema 99/)
})

it('a file that is no store is refused', async () => {
  writeFileSync(file, 'Dear diary, today the shelves were empty. '.repeat(200))
  await expect(createSqliteOperationsStore({ file })).rejects.toMatchObject({
    code: 'RT_STORE_DAMAGED',
  })
})

it('what was answered is there after a restart, and no request is in flight any more', async () => {
  const first = await createSqliteOperationsStore({ file })
  await first.saveForecasts([forecast(start)])
  await first.beginIdempotent('k1', 'hash', { at: start, wallAt: start })
  await first.close()
  const second = await createSqliteOperationsStore({ file })
  expect(await second.get('forecasts', forecast(start).id)).toEqual(forecast(start))
  expect(await second.changes(0, 9)).toMatchObject({ newest: 1 })
  expect(await second.beginIdempotent('k1', 'hash', { at: start, wallAt: start })).toBeNull()
  await second.close()
})
