import type { TransferReason } from '../../domain/index.ts'

/** What the tests read of the API's answers: times are RFC 3339. */
export interface List<T> {
  readonly items: readonly T[]
  readonly next: string | null
}
export interface ReadingView {
  readonly device: string
  readonly channel: string
  readonly gtin: string | null
  readonly at: string
  readonly value: number
  readonly seq: number
  readonly boot: string
  readonly quality: string
}
export interface ForecastView {
  readonly site: string
  readonly product: string | null
  readonly servedBy: string
  readonly total: { readonly quantiles: readonly { readonly value: number }[] }
}
export interface TransferView {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly status: string
  readonly saves: number
  readonly shownEtaAt: string | null
  readonly lines: readonly {
    readonly product: string
    readonly units: number
    readonly dispatchedUnits: number | null
    readonly receivedUnits: number | null
    readonly saves: number
    readonly reason: TransferReason
  }[]
}
export interface StockView {
  readonly onHand: number
  readonly incoming: number
  readonly inTransit: number
}
export interface SlotView {
  readonly id: string
  readonly start: string
  readonly usedMinutes: number
  readonly remainingBookable: number
}
export interface LeaseAnswer {
  readonly leaseId: string
  readonly minutes: number
  readonly code?: string
  readonly remainingMinutes?: number
  readonly nextSlots?: readonly SlotView[]
}
export interface ReleaseTaskView {
  readonly booking: string
  readonly product: string
  readonly pickUpAt: string
  readonly releaseNotBefore: string
  readonly releaseNotAfter: string
  readonly limitCelsius: number
  readonly predictedSurfaceCelsius: number
  readonly predictedSurfaceCelsiusP90: number
  readonly ambientProbe: string | null
}
