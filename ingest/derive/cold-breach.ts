import { minuteMs, type ColdZone } from '../../domain/index.ts'

/** Air temperature a zone must not stay above: 8 °C chilled, -15 °C frozen (EN 13485 recorders alarm on such limits). */
const limits: Readonly<Partial<Record<ColdZone, number>>> = { chilled: 8, frozen: -15 }
const breachMs = 15 * minuteMs
/** So far below the limit it must fall before the alarm ends. */
const hysteresis = 1

export type BreachEvent = { readonly raised: boolean; readonly words: string } | null

export interface ColdBreach {
  /** Takes the temperatures of one probe by time; a late one is history and says nothing. */
  see(probe: string, zone: ColdZone | null, at: number, celsius: number): BreachEvent
}

/** A cold zone above its limit for a quarter of an hour without a break. `open` are the probes whose alarm is raised already. */
export function createColdBreach(open: readonly string[]): ColdBreach {
  const probes = new Map<string, { at: number; aboveSince: number | null; isRaised: boolean }>(
    open.map((probe) => [probe, { at: 0, aboveSince: null, isRaised: true }]),
  )
  return {
    see(probe, zone, at, celsius) {
      const limit = zone === null ? undefined : limits[zone]
      if (limit === undefined) return null
      const state = probes.get(probe) ?? { at: 0, aboveSince: null, isRaised: false }
      probes.set(probe, state)
      if (at < state.at) return null
      state.at = at
      if (celsius <= limit) state.aboveSince = null
      else state.aboveSince ??= at
      if (state.isRaised && celsius <= limit - hysteresis) {
        state.isRaised = false
        return { raised: false, words: `${celsius.toFixed(1)} °C: the ${zone} zone is cold again.` }
      }
      if (state.isRaised || state.aboveSince === null || at - state.aboveSince < breachMs)
        return null
      state.isRaised = true
      return {
        raised: true,
        words: `${celsius.toFixed(1)} °C: the ${zone} zone has been above ${limit} °C for 15 minutes. Check the door and the unit, and move the goods.`,
      }
    },
  }
}
