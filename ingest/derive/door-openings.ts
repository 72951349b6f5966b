import { doorOpenings, doorOpenMinutes, hourMs, minuteMs } from '../../domain/index.ts'
import type { SeriesStore } from '../../store/index.ts'
import {
  contiguous,
  hasSpoken,
  lastBefore,
  type HourlyRule,
  type HourlyValue,
} from './hourly-rule.ts'

/** How far back a door's last word is looked for. */
const lookBackHours = 48
const readingsOfOneHour = 50_000

interface DoorSight {
  readonly at: number
  /** 0 or 1. */
  readonly value: number
}

/** Openings of an hour, from shut to open, and how long it stood open. `before` is its last word before the hour; unknown, it was shut. */
export function doorHour(
  hour: number,
  before: number | null,
  sights: readonly DoorSight[],
): { readonly openings: number; readonly openMs: number } {
  let isOpen = (before ?? 0) >= 0.5
  let isKnown = before !== null
  let since = hour
  let openings = 0
  let openMs = 0
  for (const { at, value } of sights) {
    if (isOpen) openMs += at - since
    if (value >= 0.5 && !isOpen && isKnown) openings++
    isOpen = value >= 0.5
    isKnown = true
    since = at
  }
  if (isOpen) openMs += hour + hourMs - since
  return { openings, openMs }
}

/** Door openings and minutes open, of all probes of a site with a door, by full hour. */
export function doorRule(series: SeriesStore): HourlyRule {
  return {
    inputs: ['doorOpen'],
    carriesHours: lookBackHours,
    settlesHours: 0,
    async derive(site, hours) {
      const derived: HourlyValue[] = []
      for (const run of contiguous(hours)) {
        const doors = await series.hourly({
          ...{ site, channel: 'doorOpen', by: 'device' },
          ...{ from: run[0]! - lookBackHours * hourMs, to: run.at(-1)! + hourMs },
        })
        for (const at of run) {
          if (!doors.some((door) => hasSpoken(door, at, lookBackHours))) continue
          let openings = 0
          let openMs = 0
          for (const door of doors) {
            const before = lastBefore(door, at, lookBackHours)
            const max = door.max[(at - door.from) / hourMs]
            if ((before ?? 0) < 0.5 && !(max !== undefined && max >= 0.5)) continue
            const { readings } = await series.range({
              ...{ site, device: door.device ?? '', channel: 'doorOpen' },
              ...{ from: at, to: at + hourMs, limit: readingsOfOneHour },
            })
            const counted = doorHour(at, before, readings)
            openings += counted.openings
            openMs += counted.openMs
          }
          const minutes = Math.round((openMs / minuteMs) * 100) / 100
          derived.push({ channel: doorOpenings, gtin: null, at, value: openings })
          derived.push({ channel: doorOpenMinutes, gtin: null, at, value: minutes })
        }
      }
      return derived
    },
  }
}
