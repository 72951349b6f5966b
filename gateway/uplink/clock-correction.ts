import { minuteMs } from '../../domain/index.ts'

/** What is added to the receive times of each edge gateway, whose clock may be wrong. */
export interface ClockCorrection {
  /** `sentAt` is the gateway's clock and `now` ours, of the same moment. */
  of(gateway: string, sentAt: number, now: number): number
}

/** A clock less wrong than this is believed. */
const toleratedMs = 10 * minuteMs
/** What a line may delay a batch without another correction. */
const driftMs = 2 * minuteMs
const maxGateways = 10_000

/**
 * Whole minutes, and the same ones until the clocks have drifted apart by two more: so that a batch sent again gets the
 * same times, whatever the line did between.
 */
export function createClockCorrection(): ClockCorrection {
  const corrections = new Map<string, number>()
  return {
    of(gateway, sentAt, now) {
      const difference = now - sentAt
      const known = corrections.get(gateway) ?? 0
      if (
        known === 0 ? Math.abs(difference) <= toleratedMs : Math.abs(difference - known) <= driftMs
      )
        return known
      const correction =
        Math.abs(difference) <= toleratedMs ? 0 : Math.round(difference / minuteMs) * minuteMs
      if (corrections.size >= maxGateways) corrections.clear()
      corrections.set(gateway, correction)
      return correction
    },
  }
}
