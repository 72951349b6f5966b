import { LarderError, type Basket, type Booking, type Lease } from '../../domain/index.ts'
import { invalid, notFound, wrongState } from './errors.ts'
import { readByKey, upsertInChunks } from './rows.ts'
import type { Tables } from './schema.ts'
import type { Session } from './session.ts'
import { findSlot, moveMinutes, nextSlots, remainingMinutes, type SlotRow } from './slots.ts'
import { openStock } from './stock.ts'

const shownNextSlots = 3

export function bookingFromRow(row: Pick<Tables['bookings'], 'body'>): Booking {
  return JSON.parse(row.body) as Booking
}

function leaseFromRow(row: Tables['leases']): Lease {
  return {
    ...(row as Omit<typeof row, 'status'> & { status: Lease['status'] }),
    baskets: JSON.parse(row.baskets) as Basket[],
  }
}

const saveLease = (session: Session, lease: Lease): Promise<void> =>
  upsertInChunks(
    session.db,
    'leases',
    ['leaseId'],
    [{ ...lease, baskets: JSON.stringify(lease.baskets) }],
  )

/** Units by product over all baskets. */
function sumUnits(baskets: readonly Basket[]): ReadonlyMap<string, number> {
  const units = new Map<string, number>()
  for (const line of baskets.flatMap(({ lines }) => lines)) {
    if (!Number.isInteger(line.units) || line.units < 1)
      throw invalid(`The units of "${line.product}" must be a whole number from 1.`)
    units.set(line.product, (units.get(line.product) ?? 0) + line.units)
  }
  return units
}

async function reserve(
  session: Session,
  site: string,
  baskets: readonly Basket[],
  sign: 1 | -1,
  at: number,
): Promise<void> {
  const wanted = sumUnits(baskets)
  const book = await openStock(
    session,
    [...wanted.keys()].map((product) => ({ site, product })),
  )
  for (const [product, units] of wanted) {
    const available = book.available(site, product)
    if (sign === 1 && available < units) {
      throw new LarderError(
        'RT_CAPACITY_EXCEEDED',
        `Only ${available} of "${product}" can be promised at "${site}", not ${units}. Ask for fewer, or choose another store.`,
        { details: { product, availableUnits: available } },
      )
    }
    book.adjust(site, product, { reserved: sign * units }, at)
  }
  await book.save()
}

export async function lease(
  session: Session,
  request: {
    readonly leaseId: string
    readonly slot: string
    readonly baskets: readonly Basket[]
    readonly minutes: number
    readonly now: number
    readonly expiresAt: number
  },
): Promise<Lease> {
  const { leaseId, baskets, minutes, now, expiresAt } = request
  const known = (await readByKey(session.db, 'leases', 'leaseId', [leaseId])).get(leaseId)
  if (known) return leaseFromRow(known)
  if (!(minutes > 0) || !Number.isFinite(minutes))
    throw invalid('A lease holds more than 0 minutes.')
  if (baskets.every(({ lines }) => lines.length === 0)) throw invalid('The baskets are empty.')
  if (!(await findSlot(session, request.slot))) throw notFound('slot', request.slot)

  await expireLeases(session, now)
  const slot = (await findSlot(session, request.slot))!
  if (slot.endAt <= now) throw wrongState('slot', slot.id, 'over', 'still to come')
  if (remainingMinutes(slot) < minutes) throw await slotFull(session, slot, minutes)
  await reserve(session, slot.site, baskets, 1, now)
  await moveMinutes(session, slot, { held: minutes, used: 0 }, now)
  const { id, site } = slot
  const held: Lease = { leaseId, slot: id, site, baskets, minutes, expiresAt, status: 'held' }
  await saveLease(session, held)
  return held
}

async function slotFull(session: Session, slot: SlotRow, minutes: number): Promise<LarderError> {
  const remaining = remainingMinutes(slot)
  const next = await nextSlots(session, slot, minutes, shownNextSlots)
  return new LarderError(
    'RT_CAPACITY_EXCEEDED',
    `The slot "${slot.id}" has ${remaining} minutes left, and this needs ${minutes}. ${next.length === 0 ? 'No later slot is open yet.' : 'Take one of the next slots.'}`,
    { details: { remainingMinutes: remaining, nextSlots: next } },
  )
}

export async function expireLeases(session: Session, now: number): Promise<number> {
  const rows = await session.db
    .selectFrom('leases')
    .selectAll()
    .where('status', '=', 'held')
    .where('expiresAt', '<=', now)
    .execute()
  for (const row of rows) {
    const ended = leaseFromRow(row)
    await saveLease(session, { ...ended, status: 'expired' })
    await release(session, ended, { held: -ended.minutes, used: 0 }, now)
  }
  return rows.length
}

async function release(
  session: Session,
  { slot, site, baskets }: Pick<Lease, 'slot' | 'site' | 'baskets'>,
  minutes: { readonly held: number; readonly used: number },
  at: number,
): Promise<void> {
  const row = await findSlot(session, slot)
  if (row) await moveMinutes(session, row, minutes, at)
  await reserve(session, site, baskets, -1, at)
}

async function saveBooking(session: Session, booking: Booking, at: number): Promise<Booking> {
  const { id, leaseId, slot, site, startAt, status } = booking
  const body = JSON.stringify(booking)
  await upsertInChunks(
    session.db,
    'bookings',
    ['id'],
    [{ id, leaseId, slot, site, startAt, status, body }],
  )
  session.touch('bookings', id, at)
  return booking
}

async function findBooking(session: Session, id: string): Promise<Booking | null> {
  const row = (await readByKey(session.db, 'bookings', 'id', [id])).get(id)
  return row ? bookingFromRow(row) : null
}

export async function book(
  session: Session,
  request: { readonly bookingId: string; readonly leaseId: string; readonly now: number },
): Promise<Booking> {
  const { bookingId, leaseId, now } = request
  const known = await findBooking(session, bookingId)
  if (known?.leaseId === leaseId) return known
  const row = (await readByKey(session.db, 'leases', 'leaseId', [leaseId])).get(leaseId)
  if (!row) throw notFound('lease', leaseId)
  const held = leaseFromRow(row)
  const status = held.status === 'held' && held.expiresAt <= now ? 'expired' : held.status
  if (status !== 'held') throw wrongState('lease', leaseId, status, 'held')
  if (known) throw wrongState('booking', bookingId, known.status, 'of this lease')

  const slot = await findSlot(session, held.slot)
  if (!slot) throw notFound('slot', held.slot)
  await moveMinutes(session, slot, { held: -held.minutes, used: held.minutes }, now)
  await saveLease(session, { ...held, status: 'booked' })
  const { site, baskets, minutes } = held
  const { startAt, endAt } = slot
  return saveBooking(
    session,
    {
      ...{ id: bookingId, leaseId, slot: slot.id, site, startAt, endAt, baskets, minutes },
      ...{ status: 'booked', bookedAt: now, arrivedAt: null, collectedAt: null },
    },
    now,
  )
}

export type BookingStep = 'arrive' | 'collect' | 'cancel' | 'miss'

const allowedFrom: Readonly<Record<BookingStep, readonly Booking['status'][]>> = {
  arrive: ['booked'],
  collect: ['booked', 'arrived'],
  cancel: ['booked', 'arrived'],
  miss: ['booked'],
}

export async function moveBooking(
  session: Session,
  id: string,
  step: BookingStep,
  at: number,
): Promise<Booking> {
  const booking = await findBooking(session, id)
  if (!booking) throw notFound('booking', id)
  if (!allowedFrom[step].includes(booking.status))
    throw wrongState('booking', id, booking.status, allowedFrom[step].join(' or '))
  switch (step) {
    case 'arrive':
      return saveBooking(session, { ...booking, status: 'arrived', arrivedAt: at }, at)
    case 'collect':
      await handOver(session, booking, at)
      return saveBooking(session, { ...booking, status: 'collected', collectedAt: at }, at)
    case 'cancel':
      await release(session, booking, { held: 0, used: -booking.minutes }, at)
      return saveBooking(session, { ...booking, status: 'cancelled' }, at)
    case 'miss':
      await reserve(session, booking.site, booking.baskets, -1, at)
      return saveBooking(session, { ...booking, status: 'missed' }, at)
  }
}

/** Ends the reservation; where no shelf will tell that the units are gone, the ledger does. */
async function handOver(session: Session, booking: Booking, at: number): Promise<void> {
  const { id, site } = booking
  const wanted = sumUnits(booking.baskets)
  const products = [...wanted.keys()]
  const movementId = (product: string): string => `${id}.collect.${product}`
  const stock = await openStock(
    session,
    products.map((product) => ({ site, product })),
    products.map(movementId),
  )
  for (const [product, units] of wanted) {
    stock.adjust(site, product, { reserved: -units }, at)
    if (stock.source(site, product) === 'shelf') continue
    stock.move({
      ...{ id: movementId(product), site, product, units: -units, set: false, at },
      ...{ reason: 'collect', reference: id },
    })
  }
  await stock.save()
}
