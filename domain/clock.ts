/**
 * What a stage knows of time. `now` is epoch milliseconds and never goes backwards.
 * The city clock and the wall clock are both a `Clock`; which one a stage is given decides what its times mean.
 */
export interface Clock {
  now(): number
  /** Resolves once `now() >= at`, at once if it already is; rejects with the signal's reason when aborted. */
  sleepUntil(at: number, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>
}

/** The city time that a wall time stands for: city = cityAt + (wall - wallAt) x speed, never past the wall. */
export interface ClockAnchor {
  readonly wallAt: number
  readonly cityAt: number
  /** City milliseconds per wall millisecond; 0 while the clock waits. */
  readonly speed: number
}

export const minuteMs = 60_000
export const hourMs = 3_600_000
export const dayMs = 86_400_000

/** City time of an anchor at a wall time. */
export function cityTime(anchor: ClockAnchor, wallAt: number): number {
  return Math.min(
    anchor.cityAt + (wallAt - anchor.wallAt) * anchor.speed,
    Math.max(wallAt, anchor.cityAt),
  )
}
