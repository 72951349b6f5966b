import { afterEach, beforeEach, expect, it } from 'vitest'
import type { OperationsStore } from './operations-store.ts'

/** What every adapter of the operations store promises. The factory gives an empty store each time. */
export function operationsStoreContract(create: () => Promise<OperationsStore>): void {
  let store: OperationsStore

  beforeEach(async () => {
    store = await create()
  })
  afterEach(() => store.close())

  it('master data is created, then replaced, and read back by id', async () => {
    const site = { id: 's1', name: 'One', kind: 'store', timeZone: 'Asia/Shanghai' } as const
    expect(await store.putMasterData('sites', [site], 1)).toEqual(['created'])
    expect(await store.putMasterData('sites', [{ ...site, name: 'First' }], 2)).toEqual([
      'replaced',
    ])
    expect(await store.get('sites', 's1')).toEqual({ ...site, name: 'First' })
    expect((await store.changes(0, 10)).changes.map(({ number }) => number)).toEqual([1, 2])
  })

  it('a lease holds minutes and stock, and its booking uses them', async () => {
    await store.moveStock([
      {
        id: 'm1',
        site: 's1',
        product: 'p1',
        units: 5,
        set: true,
        reason: 'opening',
        at: 1,
        reference: null,
      },
    ])
    await store.saveSlots(
      [
        {
          ...{
            id: 's1.100',
            site: 's1',
            startAt: 6_000_000,
            endAt: 6_900_000,
            lengthMinutes: 15,
            staff: 2,
          },
          ...{
            capacityMinutes: 27,
            walkInReserveMinutes: 5,
            carriedOverMinutes: 0,
            mode: 'normal',
            reasons: [],
          },
        },
      ],
      1,
    )
    await store.lease({
      ...{ leaseId: 'l1', slot: 's1.100', baskets: [{ lines: [{ product: 'p1', units: 2 }] }] },
      ...{ minutes: 10, now: 2, expiresAt: 100 },
    })
    expect(await store.get('slots', 's1.100')).toMatchObject({
      heldMinutes: 10,
      remainingBookable: 12,
    })
    const booking = await store.book({ bookingId: 'b1', leaseId: 'l1', now: 3 })
    expect(booking.status).toBe('booked')
    expect(await store.get('slots', 's1.100')).toMatchObject({ heldMinutes: 0, usedMinutes: 10 })
    expect(await store.get('stock', 's1.p1')).toMatchObject({
      onHand: 5,
      reserved: 2,
      available: 3,
    })
    await store.moveBooking('b1', 'collect', 4)
    expect(await store.get('stock', 's1.p1')).toMatchObject({
      onHand: 3,
      reserved: 0,
      available: 3,
    })
  })
}
