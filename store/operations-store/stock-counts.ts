import { minuteMs, type StockMovement, type StockPosition } from '../../domain/index.ts'

/** What a shelf, and what tills with movements say of one position, each for itself. */
export interface StockCounts {
  readonly shelfUnits: number
  readonly shelfAt: number
  /** From the first sale of a till on, or a count by people; null before: what nobody books out cannot be compared. */
  readonly ledgerUnits: number | null
  readonly ledgerSince: number | null
  /** Units put on the shelf that no receipt tells of; below 0: units received that the shelf has not shown yet. */
  readonly unmatched: number
  /** The last step of a hand, or of goods put down or taken away at once. */
  readonly step: { readonly units: number; readonly at: number; readonly booked: number } | null
  readonly disagreesSince: number | null
  readonly isAlarmed: boolean
}

/** So many units at once are a refill, and not one put back. */
const refillUnits = 3
/** A step that is undone within this time was a hand on the shelf. */
const handMs = 15 * minuteMs
/** What is in baskets is off the shelf and not yet rung up. */
const toleranceUnits = 3
const toleranceShare = 0.1
/** A longer walk through a store than nearly all; a till without a line catches up within it too. */
const graceMs = 60 * minuteMs

const first = (units: number, at: number): StockCounts => ({
  ...{ shelfUnits: units, shelfAt: at, ledgerUnits: null, ledgerSince: null },
  ...{ unmatched: 0, step: null, disagreesSince: null, isAlarmed: false },
})

/** A shelf reading. A rise that no receipt tells of is goods that came without one: a refill of one's own. */
export function seeShelf(counts: StockCounts | null, units: number, at: number): StockCounts {
  if (counts === null) return first(units, at)
  if (at < counts.shelfAt) return counts
  const change = units - counts.shelfUnits
  const seen = { ...counts, shelfUnits: units, shelfAt: at }
  if (Math.abs(change) < refillUnits) return judge(seen, at)
  const last = counts.step && at - counts.step.at <= handMs ? counts.step : null
  if (change < 0) {
    // Put down and taken away again: what was booked for it is taken back.
    const undone = last && last.units > 0 ? Math.min(-change, last.booked) : 0
    const step = { units: change, at, booked: 0 }
    return judge(book({ ...seen, step }, -undone), at)
  }
  // Taken up and put back: only what is more than before came.
  const back = last && last.units < 0 ? Math.min(change, -last.units) : 0
  const booked = change - back
  return judge(book({ ...seen, step: { units: change, at, booked } }, booked), at)
}

/** Moves `unmatched`, and the ledger by what no receipt has told of. */
function book(counts: StockCounts, units: number): StockCounts {
  const { unmatched, ledgerUnits } = counts
  const next = unmatched + units
  const known =
    ledgerUnits === null ? null : ledgerUnits + Math.max(0, next) - Math.max(0, unmatched)
  return { ...counts, unmatched: ledgerUnits === null ? 0 : next, ledgerUnits: known }
}

/** The first sale begins the ledger at what the shelf shows: its units are off the shelf by then. One of before it is in it. */
export function seeSale(counts: StockCounts, units: number, at: number): StockCounts {
  const { ledgerUnits, ledgerSince } = counts
  if (ledgerUnits === null || ledgerSince === null)
    return { ...counts, ledgerUnits: counts.shelfUnits, ledgerSince: at }
  if (at < ledgerSince) return counts
  return judge({ ...counts, ledgerUnits: ledgerUnits - units }, at)
}

/** Transfers, deliveries, waste, and counts by people, which begin the ledger anew. */
export function seeMovement(
  counts: StockCounts,
  { units, set, at }: Pick<StockMovement, 'units' | 'set' | 'at'>,
): StockCounts {
  if (set)
    return judge({ ...counts, ledgerUnits: units, ledgerSince: at, unmatched: 0, step: null }, at)
  const { ledgerUnits, ledgerSince, unmatched } = counts
  if (ledgerUnits === null || ledgerSince === null || at < ledgerSince) return counts
  if (units <= 0) return judge({ ...counts, ledgerUnits: ledgerUnits + units }, at)
  const left = unmatched - units
  const told = Math.max(0, -left) - Math.max(0, -unmatched)
  return judge({ ...counts, unmatched: left, ledgerUnits: ledgerUnits + told }, at)
}

const differenceOf = ({ shelfUnits, ledgerUnits }: StockCounts): number | null =>
  ledgerUnits === null ? null : shelfUnits - ledgerUnits

export function viewCounts(
  counts: StockCounts | null,
  ledgerUnits: number | null,
): Pick<
  StockPosition,
  'shelfUnits' | 'shelfAt' | 'ledgerUnits' | 'ledgerSince' | 'difference' | 'disagreesSince'
> {
  return {
    shelfUnits: counts?.shelfUnits ?? null,
    shelfAt: counts?.shelfAt ?? null,
    ledgerUnits: counts ? counts.ledgerUnits : ledgerUnits,
    ledgerSince: counts?.ledgerSince ?? null,
    difference: counts && differenceOf(counts),
    disagreesSince: counts?.disagreesSince ?? null,
  }
}

export function readCounts(text: string | null | undefined): StockCounts | null {
  return text ? (JSON.parse(text) as StockCounts) : null
}

/** Since when they differ by more than what may be in baskets, and whether that has lasted. */
function judge(counts: StockCounts, at: number): StockCounts {
  const { shelfUnits, ledgerUnits, disagreesSince } = counts
  const difference = differenceOf(counts) ?? 0
  const larger = Math.max(shelfUnits, ledgerUnits ?? 0)
  const isWithin = Math.abs(difference) <= Math.max(toleranceUnits, toleranceShare * larger)
  if (isWithin) return { ...counts, disagreesSince: null, isAlarmed: false }
  const since = disagreesSince === null ? at : Math.min(disagreesSince, at)
  return {
    ...counts,
    disagreesSince: since,
    isAlarmed: counts.isAlarmed || at - since >= graceMs,
  }
}

/** Both numbers, and what to do. */
export function wordsOf(counts: StockCounts): string {
  const { shelfUnits, ledgerUnits } = counts
  const difference = differenceOf(counts)
  if (!counts.isAlarmed || difference === null) return 'Shelf and tills agree again.'
  const numbers = `The shelf shows ${round(shelfUnits)}, tills and movements leave ${round(ledgerUnits ?? 0)}: ${round(Math.abs(difference))} ${difference < 0 ? 'missing' : 'too many'}.`
  const why =
    difference < 0
      ? 'Look for theft, waste or a sale that was not rung up'
      : 'Look for goods that came without a receipt, a return or a sale rung up as another product'
  return `${numbers} ${why}, then count and import the stock.`
}

const round = (units: number): number => Math.round(units * 10) / 10
