import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import { afterAll, describe } from 'vitest'
import { operationsStoreContract } from './operations-store.contract.ts'
import type { OperationsStore } from './operations-store.ts'
import { connectOperationsStore, serveOperationsStore } from './remote-operations-store.ts'
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
