import { dayMs, type Clock } from '../domain/index.ts'
import type { Logger } from '../runtime/index.ts'
import type { MessageLog } from './message-log.ts'

const everyMs = 60_000

/** Prunes once a wall minute by age on the city clock and by size; a failure is logged once and tried again. */
export function startPruning(deps: {
  readonly log: MessageLog
  readonly settings: { readonly keepDays: number; readonly keepMegabytes: number }
  readonly clock: Clock
  readonly logger: Logger
}): { stop(): void } {
  const { keepDays, keepMegabytes } = deps.settings
  let isPruning = false
  let hasFailed = false
  const prune = async (): Promise<void> => {
    if (isPruning) return
    isPruning = true
    try {
      await deps.log.prune({
        before: deps.clock.now() - keepDays * dayMs,
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
  const timer = setInterval(() => void prune(), everyMs)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}
