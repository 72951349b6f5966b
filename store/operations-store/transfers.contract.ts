import fc from 'fast-check'
import { expect, it } from 'vitest'
import { minuteMs } from '../../domain/index.ts'
import type { OperationsStore } from './operations-store.ts'
import { basket, movement, slot, start, stockOf, transfer } from './samples.contract.ts'

const lines = (units: number, product = 'p1') => [{ product, units }]

export function transfersContract(
  open: () => OperationsStore,
  create: () => Promise<OperationsStore>,
  numRuns: number,
) {
  it('a transfer goes from proposal to receipt, and its units with it', async () => {
    const store = open()
    await store.moveStock([movement('a', 8)])
    await store.proposeTransfers([transfer('t1')], start)
    expect(await stockOf(store, 's2.p1')).toMatchObject({ incoming: 0 })

    const approved = await store.decideTransfer('t1', 'approve', 'Ana', start + 1)
    expect(approved).toMatchObject({ status: 'approved', decidedBy: 'Ana', decidedAt: start + 1 })
    expect(await stockOf(store, 's2.p1')).toMatchObject({ incoming: 5, onHand: 0 })

    const sent = await store.dispatchTransfer('t1', null, start + minuteMs)
    expect(sent).toMatchObject({ status: 'in_transit', lines: [{ dispatchedUnits: 5 }] })
    expect(await stockOf(store)).toMatchObject({ onHand: 3, inTransit: 5 })

    const received = await store.receiveTransfer('t1', lines(5), start + 40 * minuteMs)
    expect(received).toMatchObject({ status: 'received', lines: [{ receivedUnits: 5 }] })
    expect(await stockOf(store)).toMatchObject({ onHand: 3, inTransit: 0 })
    expect(await stockOf(store, 's2.p1')).toMatchObject({ onHand: 5, incoming: 0 })
    expect(await store.get('transfers', 't1')).toEqual(received)
  })

  it('the arrival shown is the 0.9 quantile, rounded up to 15 minutes', async () => {
    const store = open()
    await store.moveStock([movement('a', 8)])
    await store.proposeTransfers(
      [transfer('t1'), transfer('t2', { from: 's1', to: 's3', etaMinutesP90: 45 })],
      start,
    )
    await store.decideTransfer('t1', 'approve', 'Ana', start)
    await store.decideTransfer('t2', 'approve', 'Ana', start)
    expect(await store.dispatchTransfer('t1', null, start + 1)).toMatchObject({
      shownEtaAt: start + 60 * minuteMs,
    })
    expect(await store.dispatchTransfer('t2', null, start)).toMatchObject({
      shownEtaAt: start + 45 * minuteMs,
    })
  })

  it('where fewer are found, fewer are dispatched, and the receiver expects those', async () => {
    const store = open()
    await store.moveStock([movement('a', 3)])
    await store.proposeTransfers([transfer('t1')], start)
    await store.decideTransfer('t1', 'approve', 'Ana', start)
    const sent = await store.dispatchTransfer('t1', lines(9), start)
    expect(sent.lines[0]).toMatchObject({ dispatchedUnits: 3 })
    expect(await stockOf(store)).toMatchObject({ onHand: 0, inTransit: 3 })
    expect(await stockOf(store, 's2.p1')).toMatchObject({ incoming: 3 })
    const short = await store.receiveTransfer('t1', lines(2), start)
    expect(short.status).toBe('short')
    expect(await stockOf(store, 's2.p1')).toMatchObject({ onHand: 2, incoming: 0 })
  })

  it('a dispatch by plan leaves the units that bookings hold', async () => {
    const store = open()
    await store.moveStock([movement('a', 6)])
    await store.saveSlots([slot(1)], start)
    await store.lease({
      ...{ leaseId: 'l1', slot: slot(1).id, baskets: [basket(4)], minutes: 5, now: start },
      expiresAt: start + 9,
    })
    await store.proposeTransfers([transfer('t1')], start)
    await store.decideTransfer('t1', 'approve', 'Ana', start)
    const sent = await store.dispatchTransfer('t1', null, start)
    expect(sent.lines[0]).toMatchObject({ dispatchedUnits: 2 })
  })

  it('a step from a wrong state says which state it is', async () => {
    const store = open()
    await store.proposeTransfers([transfer('t1')], start)
    const wrong = (status: string) => ({ code: 'RT_WRONG_STATE', details: { status } })
    await expect(store.dispatchTransfer('t1', null, start)).rejects.toMatchObject(wrong('proposed'))
    await expect(store.receiveTransfer('t1', [], start)).rejects.toMatchObject(wrong('proposed'))
    await store.decideTransfer('t1', 'reject', 'Ana', start)
    await expect(store.decideTransfer('t1', 'approve', 'Ana', start)).rejects.toMatchObject(
      wrong('rejected'),
    )
    await expect(store.decideTransfer('none', 'approve', 'Ana', start)).rejects.toMatchObject({
      code: 'RT_NOT_FOUND',
    })
  })

  it('lines of another product or of part of a unit are refused, and nothing moves', async () => {
    const store = open()
    await store.moveStock([movement('a', 8)])
    await store.proposeTransfers([transfer('t1')], start)
    await store.decideTransfer('t1', 'approve', 'Ana', start)
    for (const bad of [lines(1, 'p9'), lines(0.5), lines(-1)]) {
      await expect(store.dispatchTransfer('t1', bad, start)).rejects.toMatchObject({
        code: 'RT_REQUEST_INVALID',
      })
    }
    expect(await stockOf(store)).toMatchObject({ onHand: 8, inTransit: 0 })
  })

  it('a new plan expires earlier proposals between the same two sites, and leaves the decided ones', async () => {
    const store = open()
    await store.proposeTransfers([transfer('t1'), transfer('t2', { to: 's3' })], start)
    await store.proposeTransfers([transfer('t3')], start + 1)
    expect(await store.get('transfers', 't1')).toMatchObject({ status: 'expired' })
    expect(await store.get('transfers', 't2')).toMatchObject({ status: 'proposed' })
    await store.decideTransfer('t3', 'approve', 'Ana', start + 2)
    await store.proposeTransfers([transfer('t3'), transfer('t4')], start + 3)
    expect(await store.get('transfers', 't3')).toMatchObject({ status: 'approved' })
    expect(await store.get('transfers', 't4')).toMatchObject({ status: 'proposed' })
    await store.proposeTransfers([], start + 4, ['t2', 't3'])
    expect(await store.get('transfers', 't2')).toMatchObject({ status: 'expired' })
    expect(await store.get('transfers', 't3')).toMatchObject({ status: 'approved' })
  })

  it('proposals expire in time, or approve themselves where that is asked', async () => {
    const store = open()
    await store.proposeTransfers(
      [
        transfer('old', { expiresAt: start + 10 }),
        transfer('ripe', { to: 's3', proposedAt: start }),
        transfer('young', { to: 's4', proposedAt: start + 8 }),
      ],
      start,
    )
    await expect(store.decideTransfer('old', 'approve', 'Ana', start + 10)).rejects.toMatchObject({
      details: { status: 'expired' },
    })
    const settled = await store.settleProposals({ now: start + 10, autoApproveBefore: start + 5 })
    expect([...settled].sort()).toEqual(['old', 'ripe'])
    expect(await store.get('transfers', 'ripe')).toMatchObject({
      ...{ status: 'approved', decidedBy: 'auto', decidedAt: start + 10 },
    })
    expect(await store.get('transfers', 'old')).toMatchObject({ status: 'expired' })
    expect(await store.settleProposals({ now: start + 11, autoApproveBefore: null })).toEqual([])
    expect(await stockOf(store, 's3.p1')).toMatchObject({ incoming: 5 })
  })

  it('no unit appears or vanishes, whatever is approved, dispatched and counted', async () => {
    const sites = ['s1', 's2', 's3'] as const
    const step = fc.record({
      from: fc.nat(2),
      over: fc.integer({ min: 1, max: 2 }),
      units: fc.integer({ min: 1, max: 9 }),
      loaded: fc.option(fc.nat(12)),
      lost: fc.nat(2),
      steps: fc.integer({ min: 1, max: 3 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (plan) => {
        const store = await create()
        await store.moveStock(
          sites.map((at) => movement(`open-${at}`, 10, { site: at, set: true })),
        )
        let lost = 0
        const expected = new Map<string, number>(sites.map((at) => [at, 0]))
        for (const [index, { from, over, units, loaded, lost: missing, steps }] of plan.entries()) {
          const [giver, taker] = [sites[from]!, sites[(from + over) % 3]!]
          const id = `t${index}`
          await store.proposeTransfers([transfer(id, { from: giver, to: taker }, units)], start)
          await store.decideTransfer(id, 'approve', 'Ana', start)
          let due = units
          if (steps > 1) {
            const sent = await store.dispatchTransfer(
              id,
              loaded === null ? null : lines(loaded),
              start,
            )
            due = sent.lines[0]!.dispatchedUnits!
          }
          if (steps > 2) {
            const counted = Math.max(0, due - missing)
            await store.receiveTransfer(id, lines(counted), start)
            lost += due - counted
            due = 0
          }
          expected.set(taker, expected.get(taker)! + due)
          const stock = await Promise.all(sites.map((at) => stockOf(store, `${at}.p1`)))
          const total = stock.reduce((sum, { onHand, inTransit }) => sum + onHand + inTransit, 0)
          expect(total + lost).toBe(30)
          expect(stock.map(({ incoming }) => incoming)).toEqual(sites.map((at) => expected.get(at)))
          expect(Math.min(...stock.map(({ onHand }) => onHand))).toBeGreaterThanOrEqual(0)
        }
        await store.close()
      }),
      { numRuns },
    )
  })
}
