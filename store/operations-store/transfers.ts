import { minuteMs, type Transfer, type TransferStatus } from '../../domain/index.ts'
import { invalid, notFound, wrongState } from './errors.ts'
import { upsertInChunks } from './rows.ts'
import type { Tables } from './schema.ts'
import type { Session } from './session.ts'
import { openStock, type StockBook } from './stock.ts'

/** An arrival is shown as its 0.9 quantile, rounded up to this. */
const shownEtaStepMs = 15 * minuteMs

export type CountedLines = readonly { readonly product: string; readonly units: number }[]

const toRow = (transfer: Transfer): Tables['transfers'] => ({
  id: transfer.id,
  fromSite: transfer.from,
  toSite: transfer.to,
  status: transfer.status,
  proposedAt: transfer.proposedAt,
  expiresAt: transfer.expiresAt,
  body: JSON.stringify(transfer),
})

async function save(session: Session, transfers: readonly Transfer[], at: number): Promise<void> {
  await upsertInChunks(session.db, 'transfers', ['id'], transfers.map(toRow))
  for (const { id } of transfers) session.touch('transfers', id, at)
}

async function find(session: Session, id: string, wanted: TransferStatus): Promise<Transfer> {
  const row = await session.db
    .selectFrom('transfers')
    .select('body')
    .where('id', '=', id)
    .executeTakeFirst()
  if (!row) throw notFound('transfer', id)
  const transfer = JSON.parse(row.body) as Transfer
  if (transfer.status !== wanted) throw wrongState('transfer', id, transfer.status, wanted)
  return transfer
}

async function openProposals(session: Session): Promise<readonly Transfer[]> {
  const rows = await session.db
    .selectFrom('transfers')
    .select('body')
    .where('status', '=', 'proposed')
    .orderBy('proposedAt')
    .orderBy('id')
    .execute()
  return rows.map((row) => JSON.parse(row.body) as Transfer)
}

export async function proposeTransfers(
  session: Session,
  transfers: readonly Transfer[],
  at: number,
  withdraw: readonly string[] = [],
): Promise<void> {
  const ids = new Set(transfers.map(({ id }) => id))
  const known = await session.db
    .selectFrom('transfers')
    .select('id')
    .where('id', 'in', [...ids, ''])
    .where('status', '!=', 'proposed')
    .execute()
  const decided = new Set(known.map(({ id }) => id))
  const lanes = new Set(transfers.map(({ from, to }) => `${from} ${to}`))
  const replaced = (await openProposals(session)).filter(
    ({ id, from, to }) => !ids.has(id) && (lanes.has(`${from} ${to}`) || withdraw.includes(id)),
  )
  await save(
    session,
    replaced.map((one) => ({ ...one, status: 'expired' })),
    at,
  )
  await save(
    session,
    transfers.filter(({ id }) => !decided.has(id)),
    at,
  )
}

const ends = (transfer: Transfer): readonly { site: string; product: string }[] =>
  transfer.lines.flatMap(({ product }) => [
    { site: transfer.from, product },
    { site: transfer.to, product },
  ])

async function approve(
  session: Session,
  transfer: Transfer,
  by: string,
  at: number,
): Promise<Transfer> {
  const book = await openStock(session, ends(transfer))
  for (const { product, units } of transfer.lines)
    book.adjust(transfer.to, product, { incoming: units }, at)
  await book.save()
  const approved: Transfer = { ...transfer, status: 'approved', decidedAt: at, decidedBy: by }
  await save(session, [approved], at)
  return approved
}

export async function decideTransfer(
  session: Session,
  id: string,
  decision: 'approve' | 'reject',
  by: string,
  at: number,
): Promise<Transfer> {
  const transfer = await find(session, id, 'proposed')
  if (transfer.expiresAt <= at) throw wrongState('transfer', id, 'expired', 'proposed')
  if (decision === 'approve') return approve(session, transfer, by, at)
  const rejected: Transfer = { ...transfer, status: 'rejected', decidedAt: at, decidedBy: by }
  await save(session, [rejected], at)
  return rejected
}

export async function settleProposals(
  session: Session,
  { now, autoApproveBefore }: { readonly now: number; readonly autoApproveBefore: number | null },
): Promise<readonly string[]> {
  const settled: string[] = []
  for (const transfer of await openProposals(session)) {
    if (transfer.expiresAt <= now) await save(session, [{ ...transfer, status: 'expired' }], now)
    else if (autoApproveBefore !== null && transfer.proposedAt <= autoApproveBefore)
      await approve(session, transfer, 'auto', now)
    else continue
    settled.push(transfer.id)
  }
  return settled
}

function countLines(transfer: Transfer, lines: CountedLines): ReadonlyMap<string, number> {
  const products = new Set(transfer.lines.map(({ product }) => product))
  const counted = new Map<string, number>()
  for (const { product, units } of lines) {
    if (!products.has(product))
      throw invalid(`The transfer "${transfer.id}" has no line of "${product}".`)
    if (!Number.isInteger(units) || units < 0)
      throw invalid(`The units of "${product}" must be a whole number from 0.`)
    counted.set(product, (counted.get(product) ?? 0) + units)
  }
  return counted
}

/** What people loaded is taken as they say; units asked for by the plan alone leave those that bookings hold. */
function takeableUnits(
  book: StockBook,
  site: string,
  product: string,
  asked: number,
  loaded: number | undefined,
): number {
  const onHand = book.onHand(site, product)
  return loaded === undefined
    ? Math.min(asked, Math.max(0, onHand - book.reserved(site, product)))
    : Math.min(loaded, onHand)
}

export async function dispatchTransfer(
  session: Session,
  id: string,
  lines: CountedLines | null,
  at: number,
): Promise<Transfer> {
  const transfer = await find(session, id, 'approved')
  const loaded = lines && countLines(transfer, lines)
  const movementId = (product: string): string => `${id}.dispatch.${product}`
  const book = await openStock(
    session,
    ends(transfer),
    transfer.lines.map(({ product }) => movementId(product)),
  )
  const { from, to } = transfer
  const dispatched = transfer.lines.map((line) => {
    const { product, units } = line
    const taken = takeableUnits(
      book,
      from,
      product,
      units,
      loaded === null ? undefined : (loaded.get(product) ?? 0),
    )
    book.move({
      ...{ id: movementId(product), site: from, product, units: -taken, set: false, at },
      ...{ reason: 'dispatch', reference: id },
    })
    book.adjust(from, product, { inTransit: taken }, at)
    book.adjust(to, product, { incoming: taken - units }, at)
    return { ...line, dispatchedUnits: taken }
  })
  await book.save()
  const arrivesAt = at + transfer.etaMinutesP90 * minuteMs
  const next: Transfer = {
    ...transfer,
    status: 'in_transit',
    lines: dispatched,
    dispatchedAt: at,
    shownEtaAt: Math.ceil(arrivesAt / shownEtaStepMs) * shownEtaStepMs,
  }
  await save(session, [next], at)
  return next
}

export async function receiveTransfer(
  session: Session,
  id: string,
  lines: CountedLines,
  at: number,
): Promise<Transfer> {
  const transfer = await find(session, id, 'in_transit')
  const counted = countLines(transfer, lines)
  const movementId = (product: string): string => `${id}.receipt.${product}`
  const book = await openStock(
    session,
    ends(transfer),
    transfer.lines.map(({ product }) => movementId(product)),
  )
  const { from, to } = transfer
  const received = transfer.lines.map((line) => {
    const { product } = line
    const dispatched = line.dispatchedUnits ?? 0
    const units = counted.get(product) ?? 0
    book.move({
      ...{ id: movementId(product), site: to, product, units, set: false, at },
      ...{ reason: 'receipt', reference: id },
    })
    book.adjust(from, product, { inTransit: -dispatched }, at)
    book.adjust(to, product, { incoming: -dispatched }, at)
    return { ...line, receivedUnits: units }
  })
  await book.save()
  const isShort = received.some(({ dispatchedUnits, receivedUnits }) => {
    return receivedUnits < (dispatchedUnits ?? 0)
  })
  const next: Transfer = {
    ...transfer,
    status: isShort ? 'short' : 'received',
    lines: received,
    receivedAt: at,
  }
  await save(session, [next], at)
  return next
}
