import type { TempClass } from './master-data.ts'

export type TransferStatus =
  | 'proposed'
  | 'approved'
  | 'rejected'
  | 'expired'
  | 'in_transit'
  | 'received'
  | 'short'
  | 'cancelled'

/** Why units move. The parts add up: saves = valueToReceiver - lossToGiver - unitCosts - tripCostShare. */
export interface TransferReason {
  readonly valueToReceiver: number
  readonly lossToGiver: number
  readonly unitCosts: number
  readonly tripCostShare: number
  readonly words: string
}

export interface TransferLine {
  readonly product: string
  readonly units: number
  readonly dispatchedUnits: number | null
  readonly receivedUnits: number | null
  readonly saves: number
  readonly reason: TransferReason
  /** Forecast the decision read, and its median and 0.9 quantile at the receiver. */
  readonly forecast: string | null
  readonly quantilesUsed: readonly { readonly p: number; readonly value: number }[]
}

/** One trip from one site to another: one vehicle, one temperature class, several products. */
export interface Transfer {
  readonly id: string
  readonly planId: string
  readonly from: string
  readonly to: string
  readonly lane: string
  readonly tempClass: TempClass
  readonly status: TransferStatus
  readonly lines: readonly TransferLine[]
  readonly saves: number
  /** The next best ways that lost, in words. */
  readonly alternatives: readonly string[]
  readonly etaMinutesP50: number
  readonly etaMinutesP90: number
  readonly proposedAt: number
  /** Not decided by then: expired. */
  readonly expiresAt: number
  readonly decidedAt: number | null
  /** Who decided: a key's name, or `auto` in the demo. */
  readonly decidedBy: string | null
  readonly dispatchedAt: number | null
  /** The P90 arrival, rounded up to 15 minutes; null before dispatch. */
  readonly shownEtaAt: number | null
  readonly receivedAt: number | null
}
