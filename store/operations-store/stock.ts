import type { Planogram, StockEvidence, StockMovement, StockPosition } from '../../domain/index.ts'
import { raiseAlarms } from './alarms.ts'
import { invalid } from './errors.ts'
import type { AlarmEvent } from './operations-batch.ts'
import { readByKey, upsertInChunks } from './rows.ts'
import type { Tables } from './schema.ts'
import type { Session } from './session.ts'
import { readCounts, seeMovement, seeSale, seeShelf, viewCounts, wordsOf } from './stock-counts.ts'

type StockRow = Tables['stock']

export const stockId = (site: string, product: string): string => `${site}.${product}`

const availableOf = (row: Pick<StockRow, 'onHand' | 'reserved' | 'safety'>): number =>
  Math.max(0, row.onHand - row.reserved - row.safety)

export function stockFromRow(row: StockRow): StockPosition {
  const { site, product, onHand, reserved, incoming, inTransit, safety } = row
  return {
    site,
    product,
    onHand,
    reserved,
    incoming,
    inTransit,
    safety,
    available: availableOf(row),
    asOf: row.asOf,
    source: row.source as StockPosition['source'],
    outOfStockSince: row.outOfStockSince,
    ...viewCounts(readCounts(row.counts), row.source === 'ledger' ? row.onHand : null),
  }
}

/** Positions that one transaction reads and changes, written back together at its end. */
export interface StockBook {
  available(site: string, product: string): number
  /** Counted in and out without touching what is on hand. */
  adjust(
    site: string,
    product: string,
    by: Partial<Pick<StockRow, 'reserved' | 'incoming' | 'inTransit'>>,
    at: number,
  ): void
  /** Leaves a ledger row; returns the units really added or taken, as onHand never falls below 0. A movement already known moves nothing. */
  move(movement: StockMovement): number
  observe(evidence: StockEvidence): void
  onHand(site: string, product: string): number
  reserved(site: string, product: string): number
  source(site: string, product: string): StockPosition['source']
  save(): Promise<void>
}

/** Loads the named positions, and the ledger rows that are there already. */
export async function openStock(
  session: Session,
  positions: readonly { readonly site: string; readonly product: string }[],
  movementIds: readonly string[] = [],
): Promise<StockBook> {
  const rows = await readByKey(
    session.db,
    'stock',
    'id',
    positions.map(({ site, product }) => stockId(site, product)),
  )
  const before = new Map(rows)
  const known = new Set((await readByKey(session.db, 'movements', 'id', movementIds)).keys())
  const safety = await readSafety(
    session,
    positions.filter(({ site, product }) => !rows.has(stockId(site, product))),
  )
  const ledger: Tables['movements'][] = []
  const changedAt = new Map<string, number>()

  const read = (site: string, product: string): StockRow | undefined =>
    rows.get(stockId(site, product))
  const change = (site: string, product: string, at: number, next: Partial<StockRow>): void => {
    const id = stockId(site, product)
    const row: StockRow = {
      ...(rows.get(id) ?? emptyPosition(site, product, at, safety.get(id) ?? 0)),
      ...next,
    }
    changedAt.set(id, Math.max(changedAt.get(id) ?? at, at))
    rows.set(id, {
      ...row,
      outOfStockSince: row.onHand > 0 ? null : (row.outOfStockSince ?? at),
    })
  }

  const book: StockBook = {
    available: (site, product) => {
      const row = read(site, product)
      return row ? availableOf(row) : 0
    },
    onHand: (site, product) => read(site, product)?.onHand ?? 0,
    reserved: (site, product) => read(site, product)?.reserved ?? 0,
    source: (site, product) => (read(site, product)?.source ?? 'ledger') as StockPosition['source'],
    adjust(site, product, by, at) {
      const row = read(site, product)
      const sum = (name: 'reserved' | 'incoming' | 'inTransit'): number =>
        Math.max(0, (row?.[name] ?? 0) + (by[name] ?? 0))
      change(site, product, at, {
        reserved: sum('reserved'),
        incoming: sum('incoming'),
        inTransit: sum('inTransit'),
      })
    },
    move(movement) {
      if (known.has(movement.id)) return 0
      known.add(movement.id)
      const { site, product, at } = movement
      const row = read(site, product)
      const onHand = row?.onHand ?? 0
      const target = Math.max(0, movement.set ? movement.units : onHand + movement.units)
      const { id, reason, reference } = movement
      ledger.push({
        ...{ id, site, product, reason, at, reference },
        units: target - onHand,
        isSet: movement.set ? 1 : 0,
      })
      const counts = readCounts(row?.counts)
      change(site, product, at, {
        ...{ onHand: target, asOf: Math.max(row?.asOf ?? at, at) },
        ...(counts ? { counts: JSON.stringify(seeMovement(counts, movement)) } : {}),
      })
      return target - onHand
    },
    observe(evidence) {
      const { site, product, units, at } = evidence
      const row = read(site, product)
      if (evidence.type === 'shelf') {
        // A shelf reading of before the last movement has not seen it; a late one is history.
        if (row && at < row.asOf) return
        const onHand = Math.max(0, units)
        const counts = JSON.stringify(seeShelf(readCounts(row?.counts), onHand, at))
        change(site, product, at, { onHand, asOf: at, source: 'shelf', counts })
        return
      }
      const { reference } = evidence
      const id = `sale.${reference}.${product}`
      const sold = { id, site, product, at, reference, reason: 'sale' } as const
      const counts = row?.source === 'shelf' ? readCounts(row.counts) : null
      if (counts === null) book.move({ ...sold, units: -units, set: false })
      else if (!known.has(id)) {
        known.add(id)
        ledger.push({ ...sold, units: -units, isSet: 0 })
        change(site, product, at, { counts: JSON.stringify(seeSale(counts, units, at)) })
      }
    },
    async save() {
      const changed = [...changedAt.keys()].map((id) => rows.get(id)!)
      for (const row of changed) {
        if (!sameNumbers(before.get(row.id), row))
          session.touch('stock', row.id, changedAt.get(row.id)!)
      }
      await upsertInChunks(session.db, 'stock', ['id'], changed)
      await upsertInChunks(session.db, 'movements', ['id'], ledger)
      await raiseAlarms(
        session,
        changed.flatMap((row) => disagreement(before.get(row.id), row, changedAt.get(row.id)!)),
      )
    },
  }
  return book
}

/** The outbox tells of units, not of every reading that confirms them. */
function sameNumbers(before: StockRow | undefined, after: StockRow): boolean {
  if (before !== undefined && disagrees(before) !== disagrees(after)) return false
  const told = ['onHand', 'reserved', 'incoming', 'inTransit', 'safety', 'source'] as const
  return before !== undefined && told.every((name) => before[name] === after[name])
}

const disagrees = ({ counts }: StockRow): boolean =>
  (readCounts(counts)?.disagreesSince ?? null) !== null

/** The alarm that begins or ends with a change. */
function disagreement(was: StockRow | undefined, row: StockRow, at: number): readonly AlarmEvent[] {
  if (row.counts === null || was?.counts === row.counts) return []
  const counts = readCounts(row.counts)
  const raised = counts?.isAlarmed ?? false
  if (counts === null || raised === (readCounts(was?.counts)?.isAlarmed ?? false)) return []
  const { site, product } = row
  const subject = { kind: 'stock-disagrees', site, device: null, product } as const
  return [{ ...subject, severity: 'warning', raised, at, words: wordsOf(counts) }]
}

function emptyPosition(site: string, product: string, at: number, safety: number): StockRow {
  return {
    ...{ id: stockId(site, product), site, product, safety, asOf: at, source: 'ledger' },
    ...{ onHand: 0, reserved: 0, incoming: 0, inTransit: 0, outOfStockSince: null },
    counts: null,
  }
}

async function readSafety(
  session: Session,
  positions: readonly { readonly site: string; readonly product: string }[],
): Promise<ReadonlyMap<string, number>> {
  const sites = [...new Set(positions.map(({ site }) => site))]
  if (sites.length === 0) return new Map()
  const rows = await session.db
    .selectFrom('master')
    .select('body')
    .where('kind', '=', 'planograms')
    .where('site', 'in', sites)
    .execute()
  const safety = new Map<string, number>()
  for (const row of rows) {
    const planogram = JSON.parse(row.body) as Planogram
    const id = stockId(planogram.site, planogram.product)
    safety.set(id, Math.max(safety.get(id) ?? 0, planogram.safetyUnits ?? 0))
  }
  return safety
}

export async function moveStock(
  session: Session,
  movements: readonly StockMovement[],
): Promise<void> {
  const bad = movements.find(({ units }) => !Number.isFinite(units))
  if (bad) throw invalid(`The movement "${bad.id}" has no number of units.`)
  const book = await openStock(
    session,
    movements,
    movements.map(({ id }) => id),
  )
  for (const movement of movements) book.move(movement)
  await book.save()
}

export async function observeStock(
  session: Session,
  evidence: readonly StockEvidence[],
): Promise<void> {
  const sales = evidence.flatMap((one) =>
    one.type === 'sale' ? [`sale.${one.reference}.${one.product}`] : [],
  )
  const book = await openStock(session, evidence, sales)
  for (const one of evidence) book.observe(one)
  await book.save()
}

/** A planogram decides what is kept out of promises, and whether a shelf tells of the product at all. */
export async function applyPlanograms(
  session: Session,
  planograms: readonly Planogram[],
  at: number,
): Promise<void> {
  const ids = planograms.map(({ site, product }) => stockId(site, product))
  const rows = await readByKey(session.db, 'stock', 'id', ids)
  const changed = new Map<string, StockRow>()
  for (const planogram of planograms) {
    const id = stockId(planogram.site, planogram.product)
    const row = changed.get(id) ?? rows.get(id)
    if (!row) continue
    const next = {
      ...row,
      safety: planogram.safetyUnits ?? 0,
      ...(planogram.device === undefined
        ? { source: 'ledger', counts: null }
        : { source: row.source }),
    }
    if (next.safety === row.safety && next.source === row.source) continue
    changed.set(id, next)
    session.touch('stock', id, at)
  }
  await upsertInChunks(session.db, 'stock', ['id'], [...changed.values()])
}
