import type { Settings } from '../config/index.ts'
import { dayMs, errorMessage, hourMs, LarderError, type Clock } from '../domain/index.ts'
import type { MessageLog } from '../message-log/index.ts'
import type { Logger, Stage } from '../runtime/index.ts'
import type { SeriesStore } from '../store/index.ts'

const everyMs = hourMs
/** A city hour may be long where the clock waits, and a second where it runs fast: never more often than this, in wall time. */
const atMostEveryMs = 30_000

/** Drops what is older than the settings say, by the city clock. An error is logged and the next turn tries again. */
export function startPruneLoop(deps: {
  readonly log: MessageLog
  readonly series: SeriesStore
  readonly clock: Clock
  readonly wall: Clock
  readonly logger: Logger
  readonly messageLog: Pick<Settings['messageLog'], 'keepDays' | 'keepMegabytes'>
  readonly keepSeriesDays: number
}): Stage {
  const { log, series, clock, wall, logger, messageLog } = deps
  const stopping = new AbortController()
  const { signal } = stopping

  async function prune(): Promise<void> {
    const now = clock.now()
    await log.prune({
      before: now - messageLog.keepDays * dayMs,
      maxBytes: messageLog.keepMegabytes * 1_000_000,
    })
    await series.prune(now - deps.keepSeriesDays * dayMs)
  }

  async function run(): Promise<void> {
    for (;;) {
      await prune().catch((error: unknown) => {
        logger.warn({ err: error }, `old data was not dropped: ${errorMessage(error)}`)
      })
      await Promise.all([
        clock.sleepUntil(clock.now() + everyMs, { signal }),
        wall.sleepUntil(wall.now() + atMostEveryMs, { signal }),
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
