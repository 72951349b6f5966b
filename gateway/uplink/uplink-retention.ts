import { errorMessage, hourMs, minuteMs } from '../../domain/index.ts'
import type { EmbeddedMessageLog } from '../../message-log/index.ts'
import type { Logger } from '../../runtime/index.ts'
import type { UplinkLedger } from './uplink-ledger.ts'

const everyMs = 10_000
/** What the hub has is kept a little longer here: so old, or beyond so much, it goes. */
const forwardedMs = 10 * minuteMs
const forwardedBytes = 64 * 1024 * 1024
const megabyte = 1024 * 1024

/**
 * Holds the log of an edge gateway within its hours and megabytes. What the hub has goes soon; what it does not have goes,
 * oldest first, only beyond what the settings keep. Hours are those that the gateway ran: no clock is asked.
 */
export function startUplinkRetention(deps: {
  readonly log: EmbeddedMessageLog
  readonly ledger: UplinkLedger
  readonly settings: { readonly keepHours: number; readonly keepMegabytes: number }
  readonly onDropped: (count: number) => void
  readonly logger: Logger
}): { prune(): Promise<void>; stop(): void } {
  const { log, ledger, settings, logger } = deps
  const { arrivals } = ledger
  let pruning: Promise<void> | null = null
  let hasFailed = false

  const dropNow = async (): Promise<void> => {
    try {
      // The log keeps to what its readers have passed.
      await ledger.save()
      await log.prune({
        before: -Infinity,
        through: arrivals.olderThan(forwardedMs),
        maxBytes: forwardedBytes,
      })
      await log.prune({
        before: -Infinity,
        through: arrivals.olderThan(settings.keepHours * hourMs),
        maxBytes: settings.keepMegabytes * megabyte,
        unread: true,
      })
      const { starts } = await log.stats()
      const dropped = ledger.dropBefore(starts.get(0) ?? 1)
      if (dropped > 0) deps.onDropped(dropped)
      hasFailed = false
    } catch (error) {
      if (!hasFailed)
        logger.warn({ err: error }, `the message log could not be pruned: ${errorMessage(error)}`)
      hasFailed = true
    }
  }
  const prune = (): Promise<void> => (pruning ??= dropNow().finally(() => (pruning = null)))

  const timer = setInterval(() => void prune(), everyMs)
  return { prune, stop: () => clearInterval(timer) }
}
