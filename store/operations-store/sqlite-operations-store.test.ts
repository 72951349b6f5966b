import { describe } from 'vitest'
import { operationsStoreContract } from './operations-store.contract.ts'
import { createSqliteOperationsStore } from './sqlite-operations-store.ts'

describe('the operations store in memory', () => {
  operationsStoreContract(() => createSqliteOperationsStore({ file: ':memory:' }))
})
