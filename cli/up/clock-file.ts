import { readFileSync } from 'node:fs'
import { dayMs, hourMs, type ClockAnchor } from '../../domain/index.ts'
import { wallClock, writeFileDurably, type CityClock } from '../../runtime/index.ts'

/** City time is claimed this far ahead, so that a start after a kill never goes back behind a receive time given out. */
const claimWallMs = 5_000

interface Saved {
  /** City time that may have been given out by now. */
  readonly claimedAt: number
}

/**
 * Where the city clock starts. At 1x it is the wall clock. A fast one goes on where it last was (city time stands still while
 * Larder is down), or starts `startDaysAgo` before now on a full hour.
 */
export function readAnchor(
  file: string,
  options: { readonly speed: number; readonly startDaysAgo: number },
): ClockAnchor {
  const wallAt = wallClock.now()
  if (options.speed === 1) return { wallAt, cityAt: wallAt, speed: 1 }
  const first = Math.floor((wallAt - options.startDaysAgo * dayMs) / hourMs) * hourMs
  return { wallAt, cityAt: readClaim(file) ?? first, speed: options.speed }
}

function readClaim(file: string): number | null {
  try {
    const { claimedAt } = JSON.parse(readFileSync(file, 'utf8')) as Saved
    return Number.isFinite(claimedAt) ? Math.min(claimedAt, wallClock.now()) : null
  } catch {
    return null
  }
}

/** Keeps the claim ahead of the clock until stopped; then writes the time it stopped at. */
export function keepClock(clock: CityClock, file: string): { stop(): void } {
  const claim = (aheadMs: number): void =>
    writeFileDurably(
      file,
      JSON.stringify({ claimedAt: clock.now() + aheadMs * clock.anchor().speed } satisfies Saved),
    )
  claim(2 * claimWallMs)
  const timer = setInterval(() => claim(2 * claimWallMs), claimWallMs)
  return {
    stop() {
      clearInterval(timer)
      claim(0)
    },
  }
}
