import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { OperationsStore } from './operations-store.ts'
import {
  alarm,
  batch,
  changeNumbers,
  deadLetter,
  forecast,
  movement,
  sale,
  site,
  start,
  stockOf,
  transfer,
} from './samples.contract.ts'

export function outboxContract(
  open: () => OperationsStore,
  create: () => Promise<OperationsStore>,
  numRuns: number,
) {
  it('what one call changes many times is one change, with its newest time', async () => {
    const store = open()
    await store.moveStock([
      ...[movement('a', 1), movement('b', 2, { at: start + 5 })],
      movement('c', 3, { product: 'p2' }),
    ])
    expect((await store.changes(0, 9)).changes).toEqual([
      { number: 1, resource: 'stock', id: 's1.p1', state: 'updated', at: start + 5 },
      { number: 2, resource: 'stock', id: 's1.p2', state: 'updated', at: start },
    ])
  })

  it('changes are read in pages after a number', async () => {
    const store = open()
    expect(await store.changes(0, 9)).toEqual({ changes: [], oldest: 1, newest: 0 })
    await store.putMasterData('sites', ['a', 'b', 'c'].map(site), start)
    const page = await store.changes(1, 1)
    expect(page).toMatchObject({ changes: [{ number: 2, id: 'b' }], oldest: 1, newest: 3 })
    expect((await store.changes(3, 9)).changes).toEqual([])
  })

  it('numbers have no gap, whatever fails in between', async () => {
    const step = fc.constantFrom('site', 'movement', 'refused', 'wrong-state', 'batch')
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const store = await create()
        await store.proposeTransfers([transfer('t1')], start)
        for (const [index, kind] of steps.entries()) {
          if (kind === 'site') await store.putMasterData('sites', [site(`s${index}`)], start)
          if (kind === 'movement') await store.moveStock([movement(`m${index}`, 1)])
          if (kind === 'batch')
            await store.applyBatch(batch(index + 1, { stock: [sale(1, start, `m${index}`)] }))
          if (kind === 'refused')
            await expect(
              store.putMasterData('planograms', [{ id: 'g', site: 'none', product: 'p' }], start),
            ).rejects.toThrow()
          if (kind === 'wrong-state')
            await expect(store.dispatchTransfer('t1', null, start)).rejects.toThrow()
        }
        const numbers = await changeNumbers(store)
        expect(numbers).toEqual(numbers.map((_, index) => index + 1))
        await store.close()
      }),
      { numRuns },
    )
  })

  it('listeners hear of commits together, and no more once they stopped', async () => {
    const store = open()
    const told: number[] = []
    let wake: () => void = () => undefined
    const stop = store.subscribe((newest) => {
      told.push(newest)
      wake()
    })
    const heard = async (newest: number): Promise<void> => {
      while (told.at(-1) !== newest) await new Promise<void>((resolve) => (wake = resolve))
    }
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => store.moveStock([movement(`m${index}`, 1)])),
    )
    await heard(20)
    expect(told.length).toBeLessThan(20)
    await store.settleProposals({ now: start, autoApproveBefore: null })
    stop()
    await store.moveStock([movement('last', 1)])
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(told.at(-1)).toBe(20)
  })

  it('an answer is kept by its key, for the same request only', async () => {
    const store = open()
    const now = { at: start, wallAt: start }
    expect(await store.beginIdempotent('k1', 'hash', now)).toBeNull()
    await expect(store.beginIdempotent('k1', 'hash', now)).rejects.toMatchObject({
      code: 'RT_IN_FLIGHT',
    })
    await expect(store.beginIdempotent('k1', 'other', now)).rejects.toMatchObject({
      code: 'RT_IDEMPOTENCY_KEY_REUSED',
    })
    await store.endIdempotent('k1', { status: 201, body: '{"id":"b1"}' })
    expect(await store.beginIdempotent('k1', 'hash', { ...now, at: start + 1 })).toEqual({
      ...{ status: 201, body: '{"id":"b1"}' },
    })
    await store.beginIdempotent('k2', 'hash', now)
    await store.endIdempotent('k2', null)
    expect(await store.beginIdempotent('k2', 'another', now)).toBeNull()
  })

  it('a key whose process died is free again for the same request after a minute of the wall, for one of those who ask', async () => {
    const store = open()
    const begin = (hash: string, wallAt: number) =>
      store.beginIdempotent('k1', hash, { at: start, wallAt })
    expect(await begin('hash', start)).toBeNull()
    await expect(begin('hash', start + 59_999)).rejects.toMatchObject({ code: 'RT_IN_FLIGHT' })
    await expect(begin('other', start + 60_001)).rejects.toMatchObject({
      code: 'RT_IDEMPOTENCY_KEY_REUSED',
    })
    const asked = await Promise.allSettled([1, 2, 3].map(() => begin('hash', start + 60_001)))
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await expect(begin('hash', start + 120_000)).rejects.toMatchObject({ code: 'RT_IN_FLIGHT' })
    await store.endIdempotent('k1', { status: 201, body: '{}' })
    expect(await begin('hash', start + 130_000)).toEqual({ status: 201, body: '{}' })
  })

  it('pruning drops what is older, and changes go on from their number', async () => {
    const store = open()
    const day = 86_400_000
    await store.moveStock([movement('a', 5)])
    await store.applyBatch(
      batch(1, {
        stock: [sale(1, start, 'm1')],
        deadLetters: [deadLetter(1), deadLetter(2, { receivedAt: start + 2 * day })],
        alarms: [
          alarm(true, start),
          alarm(false, start + 1),
          alarm(true, start, { kind: 'cold-breach' }),
        ],
      }),
    )
    await store.saveForecasts([forecast(start), forecast(start + 2 * day)])
    await store.prune({ before: start + day })
    const left = await store.changes(0, 99)
    expect(left.changes[0]).toMatchObject({ resource: 'dead-letters', id: '0.2' })
    expect(left.oldest).toBe(left.changes[0]!.number)
    expect(left.oldest).toBeGreaterThan(1)
    expect((await store.list('forecasts', { limit: 9 })).items).toHaveLength(1)
    expect((await store.list('dead-letters', { limit: 9 })).items).toHaveLength(1)
    expect((await store.list('alarms', { limit: 9 })).items).toMatchObject([{ clearedAt: null }])
    expect(await stockOf(store)).toMatchObject({ onHand: 4 })

    const { newest } = await store.changes(0, 1)
    await store.prune({ before: start + 9 * day })
    expect(await store.changes(0, 9)).toMatchObject({ oldest: newest, newest })
    await store.moveStock([movement('b', 1)])
    expect((await store.changes(newest, 9)).changes).toMatchObject([{ number: newest + 1 }])
  })
}
