import type { StatusView } from './wire.ts'

/** City time as this browser can tell it between two statuses, without believing its own wall clock. */
export interface CityNow {
  readonly cityAt: number
  /** `performance.now()` when the status came. */
  readonly heardAtMs: number
  readonly speed: number
  readonly waiting: boolean
}

function toMs(value: number | string): number {
  return typeof value === 'number' ? value : Date.parse(value)
}

export function readCityClock(clock: StatusView['clock'], monotonicMs: number): CityNow {
  return {
    cityAt: toMs(clock.now),
    heardAtMs: monotonicMs,
    speed: clock.waiting ? 0 : clock.speed,
    waiting: clock.waiting,
  }
}

/** Never runs more than half a minute of wall time ahead of the last status: a lost connection must not invent time. */
export function cityNow(clock: CityNow | null, monotonicMs: number): number | null {
  if (clock === null) return null
  return clock.cityAt + Math.min(monotonicMs - clock.heardAtMs, 30_000) * clock.speed
}
