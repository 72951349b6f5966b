import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Basket } from '../../domain/index.ts'
import type { OperationsStore } from './operations-store.ts'
import { basket, batch, movement, shelf, slot, start, stockOf } from './samples.contract.ts'

const lifeMs = 1000

export function bookingsContract(
  open: () => OperationsStore,
  create: () => Promise<OperationsStore>,
  numRuns: number,
) {
  const prepare = async (store: OperationsStore, units = 100): Promise<void> => {
    await store.moveStock([movement('opening', units, { set: true, reason: 'opening' })])
    await store.saveSlots([slot(0), slot(1), slot(2), slot(3), slot(4)], start)
  }
  const hold = (
    store: OperationsStore,
    leaseId: string,
    minutes: number,
    more: { baskets?: readonly Basket[]; now?: number; slot?: string } = {},
  ) => {
    const { baskets = [basket(1)], now = start, slot: id = slot(0).id } = more
    return store.lease({ leaseId, slot: id, baskets, minutes, now, expiresAt: now + lifeMs })
  }
  const minutesOf = async (store: OperationsStore, id = slot(0).id) => {
    const { heldMinutes, usedMinutes, remainingBookable, status } = (await store.get('slots', id))!
    return { heldMinutes, usedMinutes, remainingBookable, status }
  }

  it('a slot offers what is left of its capacity without reserve and carry-over', async () => {
    const store = open()
    await prepare(store)
    expect(await store.get('slots', slot(0).id)).toEqual({
      ...slot(0),
      ...{ usedMinutes: 0, heldMinutes: 0, remainingBookable: 30, status: 'free' },
    })
    await store.saveSlots([slot(1, { staff: 0, capacityMinutes: 0 })], start)
    expect(await minutesOf(store, slot(1).id)).toMatchObject({
      ...{ remainingBookable: 0, status: 'busy-unavailable' },
    })
  })

  it('new capacity keeps what is held and used, and is never overdrawn below 0', async () => {
    const store = open()
    await prepare(store)
    await hold(store, 'l1', 10)
    await hold(store, 'l2', 15)
    await store.book({ bookingId: 'b1', leaseId: 'l1', now: start })
    await store.saveSlots([slot(0, { capacityMinutes: 20 })], start)
    expect(await minutesOf(store)).toEqual({
      ...{ heldMinutes: 15, usedMinutes: 10, remainingBookable: 0, status: 'busy-tentative' },
    })
  })

  it('a lease holds, a booking uses, and a cancelled one gives minutes and units back', async () => {
    const store = open()
    await prepare(store)
    const held = await hold(store, 'l1', 30, { baskets: [basket(2), basket(3)] })
    expect(held).toMatchObject({ leaseId: 'l1', status: 'held', expiresAt: start + lifeMs })
    expect(await minutesOf(store)).toMatchObject({ heldMinutes: 30, status: 'busy-tentative' })
    const booking = await store.book({ bookingId: 'b1', leaseId: 'l1', now: start + 1 })
    expect(booking).toMatchObject({
      ...{ id: 'b1', slot: slot(0).id, startAt: start, status: 'booked', minutes: 30 },
      ...{ bookedAt: start + 1, baskets: [basket(2), basket(3)] },
    })
    expect(await minutesOf(store)).toMatchObject({
      usedMinutes: 30,
      heldMinutes: 0,
      status: 'busy',
    })
    expect(await stockOf(store)).toMatchObject({ reserved: 5, available: 95 })
    await store.moveBooking('b1', 'cancel', start + 2)
    expect(await minutesOf(store)).toMatchObject({ usedMinutes: 0, remainingBookable: 30 })
    expect(await stockOf(store)).toMatchObject({ onHand: 100, reserved: 0 })
  })

  it('asking again with the same lease or booking id changes nothing', async () => {
    const store = open()
    await prepare(store)
    const first = await hold(store, 'l1', 20)
    expect(await hold(store, 'l1', 20)).toEqual(first)
    const booking = await store.book({ bookingId: 'b1', leaseId: 'l1', now: start })
    expect(await store.book({ bookingId: 'b1', leaseId: 'l1', now: start })).toEqual(booking)
    expect(await minutesOf(store)).toMatchObject({ heldMinutes: 0, usedMinutes: 20 })
    await expect(store.book({ bookingId: 'b2', leaseId: 'l1', now: start })).rejects.toMatchObject({
      code: 'RT_WRONG_STATE',
      details: { status: 'booked' },
    })
  })

  it('a full slot says what is left and which slots come next', async () => {
    const store = open()
    await prepare(store)
    await hold(store, 'l1', 25)
    await hold(store, 'l2', 30, { slot: slot(1).id })
    await expect(hold(store, 'l3', 10)).rejects.toMatchObject({
      code: 'RT_CAPACITY_EXCEEDED',
      details: {
        remainingMinutes: 5,
        nextSlots: [2, 3, 4].map((index) => ({
          ...{ id: slot(index).id, startAt: slot(index).startAt, remainingBookable: 30 },
        })),
      },
    })
  })

  it('units short by one line are told, and nothing is held of the others', async () => {
    const store = open()
    await prepare(store, 5)
    await store.moveStock([movement('b', 1, { product: 'p2' })])
    const baskets = [basket(2), { lines: [...basket(2, 'p2').lines, ...basket(1).lines] }]
    await expect(hold(store, 'l1', 5, { baskets })).rejects.toMatchObject({
      code: 'RT_CAPACITY_EXCEEDED',
      details: { product: 'p2', availableUnits: 1 },
    })
    expect(await stockOf(store)).toMatchObject({ reserved: 0 })
    expect(await minutesOf(store)).toMatchObject({ heldMinutes: 0 })
    await expect(hold(store, 'l2', 5, { baskets: [basket(1, 'none')] })).rejects.toMatchObject({
      details: { product: 'none', availableUnits: 0 },
    })
  })

  it('a lease asks for whole units, some minutes, and a slot that is there and not over', async () => {
    const store = open()
    await prepare(store)
    const invalid = { code: 'RT_REQUEST_INVALID' }
    await expect(hold(store, 'x', 0)).rejects.toMatchObject(invalid)
    await expect(hold(store, 'x', NaN)).rejects.toMatchObject(invalid)
    await expect(hold(store, 'x', 5, { baskets: [basket(1.5)] })).rejects.toMatchObject(invalid)
    await expect(hold(store, 'x', 5, { baskets: [] })).rejects.toMatchObject(invalid)
    await expect(hold(store, 'x', 5, { slot: 'none' })).rejects.toMatchObject({
      code: 'RT_NOT_FOUND',
    })
    await expect(hold(store, 'x', 5, { now: slot(0).endAt })).rejects.toMatchObject({
      code: 'RT_WRONG_STATE',
    })
  })

  it('a lease that is not booked in time is released, at the latest when its minutes are wanted', async () => {
    const store = open()
    await prepare(store)
    await hold(store, 'l1', 30, { baskets: [basket(90)] })
    await expect(
      store.book({ bookingId: 'b1', leaseId: 'l1', now: start + lifeMs }),
    ).rejects.toMatchObject({ code: 'RT_WRONG_STATE', details: { status: 'expired' } })
    await hold(store, 'l2', 30, { now: start + lifeMs, baskets: [basket(50)] })
    expect(await stockOf(store)).toMatchObject({ reserved: 50 })
    expect(await store.expireLeases(start + lifeMs)).toBe(0)
    expect(await store.expireLeases(start + 2 * lifeMs)).toBe(1)
    expect(await stockOf(store)).toMatchObject({ reserved: 0, onHand: 100 })
    expect(await minutesOf(store)).toMatchObject({ remainingBookable: 30, heldMinutes: 0 })
  })

  it('collecting takes the units from the ledger, but leaves them to the shelf where one tells', async () => {
    const store = open()
    await prepare(store)
    await hold(store, 'l1', 5, { baskets: [basket(4)] })
    await store.book({ bookingId: 'b1', leaseId: 'l1', now: start })
    expect(await store.moveBooking('b1', 'arrive', start + 5)).toMatchObject({
      ...{ status: 'arrived', arrivedAt: start + 5 },
    })
    expect(await store.moveBooking('b1', 'collect', start + 6)).toMatchObject({
      ...{ status: 'collected', collectedAt: start + 6, arrivedAt: start + 5 },
    })
    expect(await stockOf(store)).toMatchObject({ onHand: 96, reserved: 0 })

    await store.applyBatch(batch(1, { stock: [shelf(90, start + 7)] }))
    await hold(store, 'l2', 5, { baskets: [basket(4)] })
    await store.book({ bookingId: 'b2', leaseId: 'l2', now: start })
    await store.moveBooking('b2', 'collect', start + 8)
    expect(await stockOf(store)).toMatchObject({ onHand: 90, reserved: 0 })
  })

  it('a missed booking gives its units back, and an ended one goes no further', async () => {
    const store = open()
    await prepare(store)
    await hold(store, 'l1', 5, { baskets: [basket(4)] })
    await store.book({ bookingId: 'b1', leaseId: 'l1', now: start })
    expect(await store.moveBooking('b1', 'miss', start + 9)).toMatchObject({ status: 'missed' })
    expect(await stockOf(store)).toMatchObject({ onHand: 100, reserved: 0 })
    for (const step of ['arrive', 'collect', 'cancel', 'miss'] as const) {
      await expect(store.moveBooking('b1', step, start + 10)).rejects.toMatchObject({
        ...{ code: 'RT_WRONG_STATE', details: { status: 'missed' } },
      })
    }
    await expect(store.moveBooking('none', 'cancel', start)).rejects.toMatchObject({
      code: 'RT_NOT_FOUND',
    })
  })

  it('50 leases at once hold exactly the capacity', async () => {
    const store = open()
    await prepare(store)
    const asked = Array.from({ length: 50 }, (_, index) => hold(store, `l${index}`, 6))
    const answers = await Promise.allSettled(asked)
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
    expect(await minutesOf(store)).toMatchObject({ heldMinutes: 30, remainingBookable: 0 })
  })

  it('50 leases at once promise exactly the units there are', async () => {
    const store = open()
    await prepare(store, 7)
    const asked = Array.from({ length: 50 }, (_, index) => hold(store, `l${index}`, 0.1))
    const answers = await Promise.allSettled(asked)
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(7)
    expect(await stockOf(store)).toMatchObject({ reserved: 7, available: 0 })
  })

  it('minutes and units held always equal those of the leases and bookings that hold them', async () => {
    const step = fc.record({
      kind: fc.constantFrom('lease', 'lease', 'book', 'cancel', 'collect', 'miss', 'expire'),
      of: fc.nat(9),
      minutes: fc.double({ min: 0.1, max: 12, noNaN: true }),
      units: fc.integer({ min: 1, max: 6 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const store = await create()
        await prepare(store, 20)
        const live = new Map<string, { minutes: number; units: number; state: string }>()
        let now = start
        let onHand = 20
        let spent = 0
        for (const [index, { kind, of, minutes, units }] of steps.entries()) {
          const id = kind === 'lease' ? `l${index}` : [...live.keys()][of % (live.size || 1)]
          const one = live.get(id ?? '')
          try {
            if (kind === 'lease') {
              await hold(store, id!, minutes, { baskets: [basket(units)], now })
              live.set(id!, { minutes, units, state: 'held' })
            } else if (kind === 'expire') {
              now += 2 * lifeMs
              await store.expireLeases(now)
              for (const [key, { state }] of live) if (state === 'held') live.delete(key)
            } else if (one && kind === 'book') {
              await store.book({ bookingId: id!, leaseId: id!, now })
              one.state = 'booked'
            } else if (one && kind !== 'book') {
              await store.moveBooking(id!, kind, now)
              live.delete(id!)
              if (kind !== 'cancel') spent += one.minutes
              if (kind === 'collect') onHand -= one.units
            }
          } catch (error) {
            expect(error).toMatchObject({
              code: expect.stringMatching(
                /RT_CAPACITY_EXCEEDED|RT_WRONG_STATE|RT_NOT_FOUND/,
              ) as string,
            })
          }
          const sum = (state: string): number =>
            [...live.values()].reduce((all, l) => all + (l.state === state ? l.minutes : 0), 0)
          const found = await minutesOf(store)
          expect(found.heldMinutes).toBeCloseTo(sum('held'), 6)
          expect(found.usedMinutes).toBeCloseTo(sum('booked') + spent, 6)
          expect(found.heldMinutes + found.usedMinutes).toBeLessThanOrEqual(30 + 1e-6)
          expect(await stockOf(store)).toMatchObject({
            ...{ onHand, reserved: [...live.values()].reduce((all, l) => all + l.units, 0) },
          })
        }
        await store.close()
      }),
      { numRuns },
    )
  })
}
