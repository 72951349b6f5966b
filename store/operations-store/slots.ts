import type { Slot, SlotCapacity } from '../../domain/index.ts'
import { readByKey, upsertInChunks } from './rows.ts'
import type { Tables } from './schema.ts'
import type { Session } from './session.ts'

export type SlotRow = Tables['slots']

/** Minutes of people are added and taken away many times: below this they are nothing. */
const roundingMinutes = 1e-9

export function remainingMinutes(row: Omit<SlotRow, 'status'>): number {
  const left = openMinutes(row) - row.usedMinutes - row.heldMinutes
  return left > roundingMinutes ? left : 0
}

const openMinutes = (row: Omit<SlotRow, 'status'>): number =>
  row.capacityMinutes - row.walkInReserveMinutes - row.carriedOverMinutes

export function slotFromRow(row: SlotRow): Slot {
  return {
    ...(row as Omit<SlotRow, 'status' | 'mode' | 'reasons'> & Pick<Slot, 'status' | 'mode'>),
    remainingBookable: remainingMinutes(row),
    reasons: JSON.parse(row.reasons) as string[],
  }
}

function statusOf(row: Omit<SlotRow, 'status'>): Slot['status'] {
  if (remainingMinutes(row) > 0) return 'free'
  if (openMinutes(row) <= 0) return 'busy-unavailable'
  return row.heldMinutes > roundingMinutes ? 'busy-tentative' : 'busy'
}

export async function saveSlots(
  session: Session,
  capacities: readonly SlotCapacity[],
  at: number,
): Promise<void> {
  const kept = await readByKey(
    session.db,
    'slots',
    'id',
    capacities.map(({ id }) => id),
  )
  const rows = new Map<string, SlotRow>()
  for (const capacity of capacities) {
    const before = kept.get(capacity.id)
    const row = {
      ...capacity,
      reasons: JSON.stringify(capacity.reasons),
      usedMinutes: before?.usedMinutes ?? 0,
      heldMinutes: before?.heldMinutes ?? 0,
    }
    const next: SlotRow = { ...row, status: statusOf(row) }
    if (before && isSame(before, next)) continue
    rows.set(next.id, next)
    session.touch('slots', next.id, at)
  }
  await upsertInChunks(session.db, 'slots', ['id'], [...rows.values()])
}

function isSame(a: SlotRow, b: SlotRow): boolean {
  return (Object.keys(b) as (keyof SlotRow)[]).every((name) => a[name] === b[name])
}

/** Moves minutes between what is free, held and used. */
export async function moveMinutes(
  session: Session,
  slot: SlotRow,
  by: { readonly held: number; readonly used: number },
  at: number,
): Promise<SlotRow> {
  const positive = (minutes: number): number => (minutes > roundingMinutes ? minutes : 0)
  const row = {
    ...slot,
    heldMinutes: positive(slot.heldMinutes + by.held),
    usedMinutes: positive(slot.usedMinutes + by.used),
  }
  const next: SlotRow = { ...row, status: statusOf(row) }
  await upsertInChunks(session.db, 'slots', ['id'], [next])
  session.touch('slots', next.id, at)
  return next
}

export async function findSlot(session: Session, id: string): Promise<SlotRow | undefined> {
  return (await readByKey(session.db, 'slots', 'id', [id])).get(id)
}

/** The next slots of the site, after this one, that still take so many minutes. */
export async function nextSlots(
  session: Session,
  slot: SlotRow,
  minutes: number,
  limit: number,
): Promise<readonly { id: string; startAt: number; remainingBookable: number }[]> {
  const rows = await session.db
    .selectFrom('slots')
    .selectAll()
    .where('site', '=', slot.site)
    .where('startAt', '>', slot.startAt)
    .where('status', '=', 'free')
    .orderBy('startAt')
    .execute()
  return rows
    .map((row) => ({ id: row.id, startAt: row.startAt, remainingBookable: remainingMinutes(row) }))
    .filter(({ remainingBookable }) => remainingBookable >= minutes)
    .slice(0, limit)
}
