import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hourMs } from '../../domain/index.ts'
import type { OperationsStore } from './operations-store.ts'
import { batch, movement, product, sale, shelf, site, start, stockOf } from './samples.contract.ts'

export function stockContract(
  open: () => OperationsStore,
  create: () => Promise<OperationsStore>,
  numRuns: number,
) {
  it('a movement adds, takes or sets units, once per id, and never goes below 0', async () => {
    const store = open()
    await store.moveStock([movement('a', 5), movement('b', -2)])
    await store.moveStock([movement('a', 5)])
    expect(await stockOf(store)).toMatchObject({ onHand: 3 })
    await store.moveStock([movement('c', -9)])
    expect(await stockOf(store)).toMatchObject({ onHand: 0 })
    await store.moveStock([movement('d', 4), movement('e', 7, { set: true, reason: 'count' })])
    expect(await stockOf(store)).toMatchObject({ onHand: 7, available: 7 })
  })

  it('a movement told twice in one call moves once', async () => {
    const store = open()
    await store.moveStock([movement('a', 5), movement('a', 5)])
    expect(await stockOf(store)).toMatchObject({ onHand: 5 })
  })

  it('available leaves out what is reserved and what the planogram keeps back, and is never below 0', async () => {
    const store = open()
    await store.putMasterData('sites', [site('s1')], start)
    await store.putMasterData('products', [product('p1')], start)
    const planogram = { id: 'g1', site: 's1', product: 'p1', device: 'shelf-1' }
    await store.putMasterData('planograms', [{ ...planogram, safetyUnits: 3 }], start)
    await store.moveStock([movement('a', 5)])
    expect(await store.get('stock', 's1.p1')).toMatchObject({ safety: 3, available: 2 })
    await store.moveStock([movement('b', -4)])
    expect(await store.get('stock', 's1.p1')).toMatchObject({ onHand: 1, available: 0 })
    await store.putMasterData('planograms', [planogram], start)
    expect(await store.get('stock', 's1.p1')).toMatchObject({ safety: 0, available: 1 })
  })

  it('a shelf tells the units there are, unless it looked before the last movement', async () => {
    const store = open()
    await store.applyBatch(batch(1, { stock: [shelf(8, start)] }))
    expect(await store.get('stock', 's1.p1')).toMatchObject({ onHand: 8, source: 'shelf' })
    await store.moveStock([movement('a', 4, { at: start + 100 })])
    await store.applyBatch(batch(2, { stock: [shelf(7, start + 99)] }))
    expect(await stockOf(store)).toMatchObject({ onHand: 12 })
    await store.applyBatch(batch(3, { stock: [shelf(11, start + 100)] }))
    expect(await stockOf(store)).toMatchObject({ onHand: 11 })
  })

  it('a late shelf reading does not undo a newer one', async () => {
    const store = open()
    await store.applyBatch(batch(1, { stock: [shelf(3, start + 10), shelf(9, start)] }))
    expect(await stockOf(store)).toMatchObject({ onHand: 3 })
  })

  it('a sale takes units where no shelf tells of the product, and only there', async () => {
    const store = open()
    await store.moveStock([movement('a', 5)])
    const sold = [sale(2, start + 1, 'till.1'), sale(1, start + 1, 'till.2')]
    await store.applyBatch(batch(1, { stock: sold }))
    expect(await store.get('stock', 's1.p1')).toMatchObject({ onHand: 2, source: 'ledger' })
    await store.applyBatch(batch(2, { stock: [shelf(2, start + 2), sale(1, start + 3, 't.3')] }))
    expect(await store.get('stock', 's1.p1')).toMatchObject({ onHand: 2, source: 'shelf' })
  })

  it('a product whose shelf sensor is taken away is counted by the ledger again', async () => {
    const store = open()
    await store.putMasterData('sites', [site('s1')], start)
    await store.putMasterData('products', [product('p1')], start)
    await store.applyBatch(batch(1, { stock: [shelf(5, start)] }))
    await store.putMasterData('planograms', [{ id: 'g1', site: 's1', product: 'p1' }], start)
    await store.applyBatch(batch(2, { stock: [sale(1, start + 1, 'till.1')] }))
    expect(await store.get('stock', 's1.p1')).toMatchObject({ onHand: 4, source: 'ledger' })
  })

  it('shelf and tills are counted apart; where they go on disagreeing an alarm says by how much, until a count', async () => {
    const store = open()
    const openAlarms = async () =>
      (await store.list('alarms', { limit: 9, status: 'open' })).items.map(
        ({ kind, product, words }) => `${kind} ${product} ${words}`,
      )
    await store.applyBatch(batch(1, { stock: [shelf(20, start), sale(1, start + 1, 't.1')] }))
    await store.applyBatch(
      batch(2, { stock: [sale(9, start + 2, 't.2'), sale(9, start + 2, 't.2')] }),
    )
    await store.applyBatch(batch(3, { stock: [shelf(20, start + 3)] }))
    expect(await store.get('stock', 's1.p1')).toMatchObject({
      ...{ onHand: 20, source: 'shelf', shelfUnits: 20, ledgerUnits: 11, difference: 9 },
      ...{ shelfAt: start + 3, ledgerSince: start + 1, disagreesSince: start + 2 },
    })
    expect(await openAlarms()).toEqual([])
    await store.applyBatch(batch(4, { stock: [shelf(20, start + hourMs + 2)] }))
    expect(await openAlarms()).toEqual([expect.stringContaining('9 too many')])
    const count = movement('c', 20, { set: true, reason: 'count', at: start + hourMs + 3 })
    await store.moveStock([count])
    expect(await openAlarms()).toEqual([])
    expect(await store.get('stock', 's1.p1')).toMatchObject({ difference: 0, disagreesSince: null })
  })

  it('out of stock begins with the evidence that nothing is left and ends with the first unit', async () => {
    const store = open()
    await store.applyBatch(batch(1, { stock: [shelf(1, start), shelf(0, start + 5)] }))
    await store.applyBatch(batch(2, { stock: [shelf(0, start + 9)] }))
    expect(await store.get('stock', 's1.p1')).toMatchObject({ outOfStockSince: start + 5 })
    await store.moveStock([movement('a', 1, { at: start + 12 })])
    expect(await store.get('stock', 's1.p1')).toMatchObject({ outOfStockSince: null })
  })

  it('a reading that confirms the units leaves no change', async () => {
    const store = open()
    await store.applyBatch(batch(1, { stock: [shelf(4, start)] }))
    await store.applyBatch(batch(2, { stock: [shelf(4, start + 1)] }))
    expect((await store.changes(0, 10)).changes).toHaveLength(1)
    expect(await store.get('stock', 's1.p1')).toMatchObject({ asOf: start + 1 })
  })

  it('a batch is applied once, whatever comes again, and batches of other groups and partitions are their own', async () => {
    const store = open()
    await store.moveStock([movement('a', 10)])
    const sold = batch(7, { stock: [sale(1, start + 1, 'x')] })
    await store.applyBatch(sold)
    await store.applyBatch({ ...sold, stock: [sale(1, start + 1, 'again under another name')] })
    await store.applyBatch(batch(6, { stock: [sale(1, start + 1, 'older')] }))
    expect(await stockOf(store)).toMatchObject({ onHand: 9 })
    await store.applyBatch({ ...sold, applied: { group: 'ingest', partition: 1, position: 2 } })
    expect(await store.applied('ingest')).toEqual(
      new Map([
        [0, 7],
        [1, 2],
      ]),
    )
    expect(await store.applied('other')).toEqual(new Map())
  })

  it('a batch of a writer that does not stand where the group stands is refused whole', async () => {
    const store = open()
    await store.moveStock([movement('a', 10)])
    const at = (position: number, from: number | null, reference: string) => ({
      ...batch(position, { stock: [sale(1, start + 1, reference)] }),
      applied: { group: 'ingest', partition: 3, position, from },
    })
    await store.applyBatch(at(7, null, 'x'))
    await store.applyBatch(at(7, null, 'the same again'))
    await store.applyBatch(at(9, 7, 'y'))
    for (const late of [at(12, null, 'n'), at(12, 7, 'n'), at(8, 7, 'n'), at(12, 10, 'n')])
      await expect(store.applyBatch(late)).rejects.toMatchObject({ code: 'RT_FENCED' })
    expect(await stockOf(store)).toMatchObject({ onHand: 8 })
    expect(await store.applied('ingest')).toEqual(new Map([[3, 9]]))
  })

  it('of two writers that go on from the same place, one is refused', async () => {
    const store = open()
    await store.applyBatch(batch(5, {}))
    const write = (position: number, partition: number, from: number | null): Promise<void> =>
      store.applyBatch({
        ...batch(position, {}),
        applied: { group: 'ingest', partition, position, from },
      })
    for (const [partition, from] of [
      [0, 5],
      [1, null],
    ] as const) {
      const outcomes = await Promise.allSettled([6, 9].map((to) => write(to, partition, from)))
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    }
  })

  it('replaying any part of the log, in any pieces, ends in the stock of one pass', async () => {
    const evidence = fc.oneof(
      fc.record({ shelf: fc.constant(true), units: fc.nat(9) }),
      fc.record({ shelf: fc.constant(false), units: fc.integer({ min: 1, max: 3 }) }),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(evidence, { minLength: 1, maxLength: 12 }),
        fc.array(fc.nat(11), { maxLength: 3 }),
        async (log, restarts) => {
          const messages = log.map(({ shelf: isShelf, units }, index) =>
            isShelf ? shelf(units, start + index) : sale(units, start + index, `m${index}`),
          )
          const apply = async (store: OperationsStore, from: number): Promise<void> => {
            for (const [index, one] of messages.entries())
              if (index >= from) await store.applyBatch(batch(index + 1, { stock: [one] }))
          }
          const once = await create()
          const again = await create()
          await apply(once, 0)
          await apply(again, 0)
          for (const from of restarts) await apply(again, from)
          expect(await again.get('stock', 's1.p1')).toEqual(await once.get('stock', 's1.p1'))
          await once.close()
          await again.close()
        },
      ),
      { numRuns },
    )
  })
}
