import { afterEach, beforeEach, describe } from 'vitest'
import { bookingsContract } from './bookings.contract.ts'
import { contextContract } from './context.contract.ts'
import { devicesContract } from './devices.contract.ts'
import { listingsContract } from './listings.contract.ts'
import { masterDataContract } from './master-data.contract.ts'
import type { OperationsStore } from './operations-store.ts'
import { modelsContract } from './models.contract.ts'
import { outboxContract } from './outbox.contract.ts'
import { stageReportsContract } from './stage-reports.contract.ts'
import { stockContract } from './stock.contract.ts'
import { transfersContract } from './transfers.contract.ts'

/** What every adapter of the operations store promises. The factory gives an empty store each time; `numRuns` bounds each law's tries. */
export function operationsStoreContract(
  create: () => Promise<OperationsStore>,
  { numRuns }: { readonly numRuns: number },
): void {
  let store: OperationsStore
  const open = (): OperationsStore => store

  beforeEach(async () => {
    store = await create()
  })
  afterEach(() => store.close())

  describe('master data', () => masterDataContract(open))
  describe('devices', () => devicesContract(open))
  describe('stock', () => stockContract(open, create, numRuns))
  describe('transfers', () => transfersContract(open, create, numRuns))
  describe('slots and bookings', () => bookingsContract(open, create, numRuns))
  describe('models', () => modelsContract(open))
  describe('listings', () => listingsContract(open))
  describe('context', () => contextContract(open))
  describe('stage reports', () => stageReportsContract(open))
  describe('the outbox', () => outboxContract(open, create, numRuns))
}
