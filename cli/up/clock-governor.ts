import { minuteMs } from '../../domain/index.ts'
import type { CityClock } from '../../runtime/index.ts'

/** The clock waits where ingest is further behind than this, and goes on once it has come this near again. */
const waitAboveMs = 5 * minuteMs
const goBelowMs = 1 * minuteMs

/**
 * Makes a fast city clock wait for the rest of Larder: for ingest when it lags, and for whoever asked it to
 * (the import of history). A clock at 1x is the wall's and never waits.
 */
export function governClock(
  clock: CityClock,
  options: {
    readonly isFast: boolean
    readonly lagMs: () => Promise<number>
    readonly everyMs: number
    readonly onError: (error: unknown) => void
  },
): {
  hold(reason: string): void
  release(reason: string): void
  reasons(): readonly string[]
  stop(): void
} {
  const reasons = new Set<string>()
  const apply = (): void => {
    if (options.isFast) clock.setWaiting(reasons.size > 0)
  }
  const timer = setInterval(() => {
    options.lagMs().then((lag) => {
      if (lag > waitAboveMs) reasons.add('ingest')
      else if (lag < goBelowMs) reasons.delete('ingest')
      apply()
    }, options.onError)
  }, options.everyMs)
  return {
    hold(reason) {
      reasons.add(reason)
      apply()
    },
    release(reason) {
      reasons.delete(reason)
      apply()
    },
    reasons: () => [...reasons],
    stop: () => clearInterval(timer),
  }
}
