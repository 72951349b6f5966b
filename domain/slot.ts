/** A quarter of an hour (or another length) of one store's hands. Minutes are staff-minutes. Half-open [startAt, endAt). */
export interface Slot {
  /** `{site}.{start as epoch minutes}` */
  readonly id: string
  readonly site: string
  readonly startAt: number
  readonly endAt: number
  readonly lengthMinutes: number
  readonly staff: number
  /** staff x length x load limit */
  readonly capacityMinutes: number
  /** Kept for people who walk in; never 0. */
  readonly walkInReserveMinutes: number
  readonly carriedOverMinutes: number
  readonly usedMinutes: number
  readonly heldMinutes: number
  /** capacity - reserve - carried over - used - held, never below 0 */
  readonly remainingBookable: number
  readonly status: 'free' | 'busy-tentative' | 'busy' | 'busy-unavailable'
  readonly mode: 'normal' | 'emergency'
  readonly reasons: readonly string[]
}

/** What the planner decides of a slot; what is used and held is the store's to know. */
export type SlotCapacity = Pick<
  Slot,
  | 'id'
  | 'site'
  | 'startAt'
  | 'endAt'
  | 'lengthMinutes'
  | 'staff'
  | 'capacityMinutes'
  | 'walkInReserveMinutes'
  | 'carriedOverMinutes'
  | 'mode'
  | 'reasons'
>

export interface BasketLine {
  readonly product: string
  readonly units: number
}
export interface Basket {
  readonly lines: readonly BasketLine[]
}

/** Capacity and stock held for a few minutes until it is booked. */
export interface Lease {
  readonly leaseId: string
  readonly slot: string
  readonly site: string
  readonly baskets: readonly Basket[]
  readonly minutes: number
  readonly expiresAt: number
  readonly status: 'held' | 'booked' | 'expired' | 'released'
}

export interface Booking {
  readonly id: string
  readonly leaseId: string
  readonly slot: string
  readonly site: string
  readonly startAt: number
  readonly endAt: number
  readonly baskets: readonly Basket[]
  readonly minutes: number
  readonly status: 'booked' | 'arrived' | 'collected' | 'cancelled' | 'missed'
  readonly bookedAt: number
  readonly arrivedAt: number | null
  readonly collectedAt: number | null
}
