import { readFileSync } from 'node:fs'
import { dayMs, hourMs, type ClockAnchor } from '../../domain/index.ts'
import { wallClock, writeFileDurably, type CityClock } from '../../runtime/index.ts'

/** City time is claimed this far ahead, so that a start after a kill never goes back behind a receive time given out. */
const claimWallMs = 5_000

interface Saved {
  /** City time that may have been given out by now. */
  readonly claimedAt: number
  readonly speed: number
}

/**
 * Where the city clock starts. At 1x it is the wall clock. A fast one goes on where it last was (city time stands still while
 * Larder is down), or starts `startDaysAgo` before now on a full hour.
 */
export function readAnchor(
  file: string,
  options: {
    readonly speed: number
    readonly startDaysAgo: number
    /** Receive time of the newest message kept, for a clock whose file was lost: it never goes back behind that. */
    readonly newestKeptAt: () => number | null
  },
): ClockAnchor {
  const wallAt = wallClock.now()
  if (options.speed === 1) return { wallAt, cityAt: wallAt, speed: 1 }
  const startOver = (at: number): number =>
    Math.min(wallAt, Math.max(at, options.newestKeptAt() ?? at))
  const first = Math.floor((wallAt - options.startDaysAgo * dayMs) / hourMs) * hourMs
  return { wallAt, cityAt: readSaved(file)?.claimedAt ?? startOver(first), speed: options.speed }
}

/** The city time of a stopped Larder: the wall's, or where its fast clock stands still. */
export function stoppedCityTime(file: string): number {
  const saved = readSaved(file)
  return saved && saved.speed !== 1 ? saved.claimedAt : wallClock.now()
}

function readSaved(file: string): Saved | null {
  try {
    const saved = JSON.parse(readFileSync(file, 'utf8')) as Saved
    return Number.isFinite(saved.claimedAt)
      ? { ...saved, claimedAt: Math.min(saved.claimedAt, wallClock.now()) }
      : null
  } catch {
    return null
  }
}

/** Keeps the claim ahead of the clock until stopped; then writes the time it stopped at. */
export function keepClock(
  clock: CityClock,
  file: string,
  onError: (error: unknown) => void,
): { stop(): void } {
  const { speed } = clock.anchor()
  const claim = (aheadMs: number): void =>
    writeFileDurably(
      file,
      JSON.stringify({ claimedAt: clock.now() + aheadMs * speed, speed } satisfies Saved),
    )
  const renew = (aheadMs: number): void => {
    try {
      claim(aheadMs)
    } catch (error) {
      onError(error)
    }
  }
  claim(2 * claimWallMs)
  const timer = setInterval(() => renew(2 * claimWallMs), claimWallMs)
  return {
    stop() {
      clearInterval(timer)
      renew(0)
    },
  }
}
