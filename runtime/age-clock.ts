/** A clock may run a little faster than what it is measured by, and makes up for that. */
const catchUp = 1.1

export interface AgeClock {
  now(): number
}

/**
 * The time by which what is kept grows old. It follows the given clock back at once, but forward only as fast as time really
 * passes: a clock set a day or ten years ahead by mistake, and set right later, makes nothing old in between. Where it was
 * set ahead for good, or nothing ran for a while, things are kept for longer.
 */
export function createAgeClock(deps: {
  readonly clock: { now(): number }
  /** Milliseconds since any moment, which nobody sets. */
  readonly passedMs: () => number
  /** Milliseconds of the clock per millisecond that passes, at most. */
  readonly speed: number
  /** What the newest of what is kept says; null where there is none. */
  readonly newestAt: number | null
}): AgeClock {
  const { clock, passedMs, speed } = deps
  let believed = Math.min(clock.now(), deps.newestAt ?? Infinity)
  let seenMs = passedMs()
  return {
    now() {
      const elapsedMs = passedMs() - seenMs
      seenMs += elapsedMs
      believed = Math.min(clock.now(), believed + elapsedMs * speed * catchUp)
      return Math.floor(believed)
    },
  }
}
