import { waitQuantile } from './queueing.ts'

/** Work that comes with a slot, in staff-minutes. */
export interface SlotWork {
  readonly carriedOver: number
  readonly basketsP50: number
  readonly basketsP90: number
  readonly walkInP50: number
  readonly walkInP90: number
  /** Mean minutes of one basket. */
  readonly serviceMinutes: number
}

/** Kept for walk-ins where no forecast says how many: a share of the slot's capacity. */
export const walkInShareWithoutForecast = 0.2
/** The least that is kept where the forecast says nobody comes. */
export const leastWalkInShare = 0.02
const leastWalkInMinutes = 0.5

/** Never 0: people who do not book are served too. */
export function walkInReserve(forecast: number | null, capacityMinutes: number): number {
  if (forecast !== null && forecast > 0) return forecast
  const share = forecast === null ? walkInShareWithoutForecast : leastWalkInShare
  return Math.max(leastWalkInMinutes, share * capacityMinutes)
}

/** What the next slot inherits: Lindley's recursion in staff-minutes, with all hands and not only the promised share of them. */
export function carryOver(carried: number, work: number, handMinutes: number): number {
  return Math.max(0, carried + work - handMinutes)
}

/** 0.9 quantile of a sum of independent basket times: their spreads add up as squares. */
export function sumP90(
  baskets: readonly { readonly minutesP50: number; readonly minutesP90: number }[],
): number {
  const middle = baskets.reduce((sum, { minutesP50 }) => sum + minutesP50, 0)
  const spread = baskets.reduce((sum, b) => sum + (b.minutesP90 - b.minutesP50) ** 2, 0)
  return middle + Math.sqrt(spread)
}

/**
 * Minutes a customer waits. The offered load of the slot gives the queue of its random arrivals (M/M/c); work beyond its hands
 * adds what is left of it per head.
 */
export function expectedWait(
  work: SlotWork,
  staff: number,
  lengthMinutes: number,
): { readonly p50: number; readonly p90: number } {
  if (staff <= 0) return { p50: lengthMinutes, p90: lengthMinutes }
  const servers = Math.max(1, Math.floor(staff))
  const wait = (minutes: number, p: number): number => {
    const load = Math.min(minutes / lengthMinutes, 0.98 * servers)
    const left = Math.max(0, minutes - staff * lengthMinutes) / staff
    return left + waitQuantile(servers, load, work.serviceMinutes, p)
  }
  const p50 = wait(work.carriedOver + work.basketsP50 + work.walkInP50, 0.5)
  const p90 = wait(work.carriedOver + work.basketsP90 + work.walkInP90, 0.9)
  return { p50, p90: Math.max(p50, p90) }
}
