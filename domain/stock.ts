/** Stock of one product at one site. `available` = onHand - reserved - safety, computed, never written, never below 0. */
export interface StockPosition {
  readonly site: string
  readonly product: string
  readonly onHand: number
  readonly reserved: number
  /** On approved or dispatched transfers towards this site. */
  readonly incoming: number
  /** Dispatched from this site and not yet received. */
  readonly inTransit: number
  readonly safety: number
  readonly available: number
  readonly asOf: number
  /** Where onHand comes from: the last shelf reading, or the ledger of movements and sales. */
  readonly source: 'shelf' | 'ledger'
  readonly outOfStockSince: number | null
  /** What the shelf showed last, and when; null where no shelf tells. */
  readonly shelfUnits: number | null
  readonly shelfAt: number | null
  /** What tills and movements leave; where a shelf tells too, counted beside it since `ledgerSince`. Null before the first sale. */
  readonly ledgerUnits: number | null
  readonly ledgerSince: number | null
  /** shelfUnits - ledgerUnits; null where one of them is. */
  readonly difference: number | null
  /** Since when it is more than what customers may have in their hands. */
  readonly disagreesSince: number | null
}

export type MovementReason =
  'opening' | 'delivery' | 'sale' | 'dispatch' | 'receipt' | 'collect' | 'count' | 'waste'

/** A ledger row: append-only. `set` makes onHand `units`; otherwise `units` is added (negative: taken). */
export interface StockMovement {
  readonly id: string
  readonly site: string
  readonly product: string
  readonly units: number
  readonly set: boolean
  readonly reason: MovementReason
  readonly at: number
  /** What caused it: a transfer, a booking, a log position. */
  readonly reference: string | null
}

/** What ingest learnt about stock from one message; applied once, in order per device. */
export type StockEvidence =
  | {
      readonly type: 'shelf'
      readonly site: string
      readonly product: string
      readonly units: number
      readonly at: number
    }
  | {
      readonly type: 'sale'
      readonly site: string
      readonly product: string
      readonly units: number
      readonly at: number
      readonly reference: string
    }
