import { dayMs, errorMessage, hourMs, minuteMs, type Clock } from '../domain/index.ts'
import { createAgeClock, type AgeClock, type Logger, type Stage } from '../runtime/index.ts'
import type { SeriesStore } from '../store/index.ts'

/** Looked at so often, and done where an hour of the city has passed since: a city hour is a second of the wall where the clock runs fast. */
const lookEveryMs = minuteMs / 2
const pruneEveryMs = hourMs
/** The mean year of the Gregorian calendar. */
const yearMs = 365.2425 * dayMs

/**
 * Drops readings older than `keepDays` of the city clock and roll-ups older than `keepRollupYears`, as far as that goes evenly: one set years ahead drops nothing that
 * one set right would keep. An error is logged, and the next turn tries again. The log prunes itself.
 */
export function startPruneLoop(deps: {
  readonly series: Pick<SeriesStore, 'prune' | 'watermarks'>
  /** The city's. */
  readonly clock: Pick<Clock, 'now'>
  /** City milliseconds per wall millisecond, at most. */
  readonly clockSpeed: number
  readonly logger: Logger
  readonly keepDays: number
  readonly keepRollupYears: number
  readonly lookEveryMs?: number
  /** Milliseconds since any moment, which nobody sets. */
  readonly passedMs?: () => number
}): Stage {
  const { series, clock, logger } = deps
  const createClock = async (): Promise<AgeClock> => {
    const watermarks = [...(await series.watermarks()).values()]
    return createAgeClock({
      clock,
      passedMs: deps.passedMs ?? (() => performance.now()),
      speed: deps.clockSpeed,
      newestAt: watermarks.length === 0 ? null : Math.max(...watermarks),
    })
  }
  // Before anything is written by a clock that may be wrong.
  let ageClock: Promise<AgeClock> = createClock()
  ageClock.catch(() => undefined)
  let prunedAt = -Infinity
  let pruning: Promise<void> | null = null

  const prune = async (): Promise<void> => {
    try {
      const now = (await ageClock).now()
      if (Math.abs(now - prunedAt) < pruneEveryMs) return
      await series.prune(now - deps.keepDays * dayMs, now - deps.keepRollupYears * yearMs)
      prunedAt = now
    } catch (error) {
      logger.warn({ err: error }, `old readings were not dropped: ${errorMessage(error)}`)
      ageClock = ageClock.catch(createClock)
      ageClock.catch(() => undefined)
    }
  }
  const look = (): void => {
    pruning ??= prune().finally(() => (pruning = null))
  }

  look()
  const timer = setInterval(look, deps.lookEveryMs ?? lookEveryMs)
  return {
    async stop() {
      clearInterval(timer)
      await pruning
    },
  }
}
