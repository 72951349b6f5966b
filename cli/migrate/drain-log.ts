import type { Settings } from '../../config/index.ts'
import type { Clock } from '../../domain/index.ts'
import { startIngest } from '../../ingest/index.ts'
import { openSqliteMessageLog } from '../../message-log/index.ts'
import { createMetrics, createRandom, wallClock, type Logger } from '../../runtime/index.ts'
import type { OperationsStore, SeriesStore } from '../../store/index.ts'

/**
 * Brings into the old stores what its log holds and they had not read: then nothing of it is needed any more. Gives the log's
 * name and how many messages were read.
 */
export async function drainLog(deps: {
  readonly file: string
  readonly series: SeriesStore
  readonly operations: OperationsStore
  readonly clock: Clock
  readonly settings: Settings['ingest']
  readonly logger: Logger
}): Promise<{ readonly id: string; readonly messages: number }> {
  const log = openSqliteMessageLog({
    ...{ file: deps.file, wall: wallClock },
    notice: (words) => deps.logger.warn(words),
  })
  try {
    const { id } = await log.stats()
    let failed: Error | null = null
    const failure = (): Error | null => failed
    const ingest = await startIngest({
      ...{ log, series: deps.series, operations: deps.operations, clock: deps.clock },
      ...{ wall: wallClock, random: createRandom(process.pid), logger: deps.logger },
      ...{ metrics: createMetrics({ withProcess: false }), settings: deps.settings },
      onDeath: (error) => (failed = error instanceof Error ? error : new Error(String(error))),
    })
    try {
      await ingest.drained()
      const error = failure()
      if (error) throw error
      return { id, messages: ingest.counts().messages }
    } finally {
      await ingest.stop()
    }
  } finally {
    await log.close()
  }
}
