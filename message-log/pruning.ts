import { dayMs, type Clock } from '../domain/index.ts'
import { createAgeClock, type AgeClock, type Logger } from '../runtime/index.ts'
import type { MessageLog } from './message-log.ts'

const pruneEveryMs = 60_000

/** Prunes once a minute by age on the city clock, as far as that goes evenly, and by size; a failure is logged once and tried again. */
export function startPruning(deps: {
  readonly log: MessageLog
  readonly settings: { readonly keepDays: number; readonly keepMegabytes: number }
  readonly clock: Clock
  /** City milliseconds per wall millisecond, at most. */
  readonly clockSpeed: number
  readonly logger: Logger
  readonly everyMs?: number
}): { stop(): void } {
  const { keepDays, keepMegabytes } = deps.settings
  const createClock = async (): Promise<AgeClock> =>
    createAgeClock({
      clock: deps.clock,
      passedMs: () => performance.now(),
      speed: deps.clockSpeed,
      newestAt: (await deps.log.stats()).newestReceivedAt,
    })
  // Before anything is appended by a clock that may be wrong.
  const ageClock = createClock()
  ageClock.catch(() => undefined)
  let isPruning = false
  let hasFailed = false
  const prune = async (): Promise<void> => {
    if (isPruning) return
    isPruning = true
    try {
      await deps.log.prune({
        before: (await ageClock).now() - keepDays * dayMs,
        maxBytes: keepMegabytes * 1024 * 1024,
      })
      hasFailed = false
    } catch (error) {
      if (!hasFailed) deps.logger.warn({ err: error }, 'the message log could not be pruned')
      hasFailed = true
    } finally {
      isPruning = false
    }
  }
  const timer = setInterval(() => void prune(), deps.everyMs ?? pruneEveryMs)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}
