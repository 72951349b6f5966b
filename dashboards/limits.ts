/** How a threshold reads a value: `above` turns worse as it rises, `below` as it falls. */
export interface Threshold {
  readonly direction: 'above' | 'below'
  readonly warning: number
  readonly critical: number
}

export type Severity = 'good' | 'warning' | 'critical'

/** A value on the limit is still good. */
export function severityOf(value: number, threshold: Threshold): Severity {
  const past = (limit: number) => (threshold.direction === 'above' ? value > limit : value < limit)
  if (past(threshold.critical)) return 'critical'
  return past(threshold.warning) ? 'warning' : 'good'
}

export interface ColdLimit extends Threshold {
  readonly zone: 'chilled' | 'frozen'
}

/**
 * Air in a cold room, in °C. Critical: chilled 8 (GB/T 24616-2019), frozen -15 (-18 with 3 K brief rise, 89/108/EEC).
 * Warning: chilled 5 (FDA Food Code 3-501.16), frozen -18 (GB/T 24616-2019).
 */
export const coldLimits: readonly ColdLimit[] = [
  { zone: 'chilled', direction: 'above', warning: 5, critical: 8 },
  { zone: 'frozen', direction: 'above', warning: -18, critical: -15 },
]

/** Null for a zone that has no limit of its own. */
export function coldLimit(zone: string | null): ColdLimit | null {
  return coldLimits.find((limit) => limit.zone === zone) ?? null
}

/** Chance, 0 to 1, that the next 12 hours ask for more than is on hand. */
export const runOutChance: Threshold = { direction: 'above', warning: 0.1, critical: 0.5 }

/** Bookable staff-minutes left in a slot. */
export const slotMinutes: Threshold = { direction: 'below', warning: 10, critical: 1 }

export const batteryPercent: Threshold = { direction: 'below', warning: 20, critical: 10 }

/** City minutes since a connected device was last heard. */
export const silentMinutes: Threshold = { direction: 'above', warning: 60, critical: 240 }

/** City minutes between the newest message kept and the newest one written. */
export const ingestLagMinutes: Threshold = { direction: 'above', warning: 5, critical: 15 }
