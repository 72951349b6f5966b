import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import Sqlite from 'better-sqlite3'
import { afterAll, describe, expect, test } from 'vitest'
import { operationsStoreContract } from './operations-store.contract.ts'
import type { OperationsStore } from './operations-store.ts'
import { connectOperationsStore, serveOperationsStore } from './remote-operations-store.ts'
import { site } from './samples.contract.ts'
import { createSqliteOperationsStore } from './sqlite-operations-store.ts'

const folder = mkdtempSync(join(tmpdir(), 'larder-operations-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('the operations store in memory', () => {
  operationsStoreContract(() => createSqliteOperationsStore({ file: ':memory:' }), { numRuns: 8 })
})

describe('the operations store in a file', () => {
  let files = 0
  operationsStoreContract(
    () => createSqliteOperationsStore({ file: join(folder, `${++files}.db`) }),
    { numRuns: 2 },
  )
})

describe('the operations store over a message port', () => {
  operationsStoreContract(
    async () => {
      const store = await createSqliteOperationsStore({ file: ':memory:' })
      const { port1, port2 } = new MessageChannel()
      serveOperationsStore(port1, store)
      const remote = connectOperationsStore(port2)
      const close: OperationsStore['close'] = async () => {
        await remote.close()
        await store.close()
      }
      return new Proxy(remote, {
        get: (target, name): unknown => (name === 'close' ? close : Reflect.get(target, name)),
      })
    },
    { numRuns: 2 },
  )
})

test('a transaction that SQLite ended by itself, as on a full disk, fails with its own reason', async () => {
  const file = join(folder, 'ended.db')
  const store = await createSqliteOperationsStore({ file })
  const other = new Sqlite(file)
  other.exec(
    "create trigger full before insert on master begin select raise(rollback, 'the disk is full'); end",
  )
  other.close()
  await expect(store.putMasterData('sites', [site('s1')], 0)).rejects.toThrow('the disk is full')
  await store.close()
})
