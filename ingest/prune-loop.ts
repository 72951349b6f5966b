import { dayMs, errorMessage, hourMs, LarderError, type Clock } from '../domain/index.ts'
import type { Logger, Stage } from '../runtime/index.ts'
import type { SeriesStore } from '../store/index.ts'

/** A city hour is a second of the wall where the clock runs fast: both must have passed. */
const everyCityMs = hourMs
const everyWallMs = 30_000

/** Drops readings older than `keepDays` of the city clock. An error is logged, and the next turn tries again. The log prunes itself. */
export function startPruneLoop(deps: {
  readonly series: SeriesStore
  readonly clock: Clock
  readonly wall: Clock
  readonly logger: Logger
  readonly keepDays: number
}): Stage {
  const { series, clock, wall, logger } = deps
  const stopping = new AbortController()
  const { signal } = stopping

  async function run(): Promise<void> {
    for (;;) {
      await series.prune(clock.now() - deps.keepDays * dayMs).catch((error: unknown) => {
        logger.warn({ err: error }, `old readings were not dropped: ${errorMessage(error)}`)
      })
      await Promise.all([
        clock.sleepUntil(clock.now() + everyCityMs, { signal }),
        wall.sleepUntil(wall.now() + everyWallMs, { signal }),
      ])
    }
  }

  const finished = run().catch(() => undefined)
  return {
    async stop() {
      stopping.abort(new LarderError('RT_STOPPED', 'Pruning was stopped.'))
      await finished
    },
  }
}
