import { errorMessage, type Position } from '../../domain/index.ts'
import type { EmbeddedMessageLog } from '../../message-log/index.ts'
import type { Logger } from '../../runtime/index.ts'
import { createArrivals, type Arrivals } from './arrivals.ts'
import { createRanges, type Ranges } from './ranges.ts'
import { readUplinkFile, writeUplinkFile } from './uplink-file.ts'

/** What the hub has of this gateway's log, and what it does not. Positions before `start` count as had. */
export interface UplinkLedger {
  readonly logId: string
  readonly arrivals: Arrivals
  readonly acknowledged: Ranges
  /** Oldest position that is kept. */
  start(): Position
  /** Everything up to here the hub has. */
  forwardedThrough(): Position
  /** Messages of [from, to] that the hub does not have. */
  missing(from: Position, to: Position): number
  /** Nothing before this position is kept any more; how many of it the hub never got. */
  dropBefore(position: Position): number
  /** Writes down where it stands; losing the last second of it means sending a second's messages again. */
  save(): Promise<void>
  stop(): Promise<void>
}

const group = 'uplink'
const partition = 0
const saveEveryMs = 1000

export async function openUplinkLedger(deps: {
  readonly file: string
  readonly log: EmbeddedMessageLog
  readonly monotonic: { now(): number }
  readonly logger: Logger
}): Promise<UplinkLedger> {
  const { file, log, logger } = deps
  const { id, messages, starts, ends } = await log.stats()
  const { memory, problem } = readUplinkFile(file, id)
  // A log that holds nothing has nothing to send again.
  if (problem !== null && messages > 0) logger.warn(problem)
  const arrivals = createArrivals({ monotonic: deps.monotonic, before: memory })
  arrivals.reached(ends.get(partition) ?? 0)
  const acknowledged = createRanges(memory.acknowledged)
  let start = starts.get(partition) ?? 1
  acknowledged.add(1, start - 1)
  let hasFailed = false

  const forwardedThrough = (): Position => {
    const end = arrivals.end()
    return (acknowledged.gap(1, end)?.[0] ?? end + 1) - 1
  }

  const write = async (): Promise<void> => {
    try {
      await writeUplinkFile(file, {
        log: id,
        acknowledged: acknowledged.list(),
        runMs: arrivals.runMs(),
        marks: arrivals.marks(),
      })
      await log.commit({ group, partition, position: forwardedThrough() })
      hasFailed = false
    } catch (error) {
      if (!hasFailed)
        logger.warn(
          { err: error },
          `${file} could not be written (${errorMessage(error)}): after a restart messages may be sent to the hub again.`,
        )
      hasFailed = true
    }
  }

  let saving: Promise<void> | null = null
  const save = (): Promise<void> => (saving ??= write().finally(() => (saving = null)))
  const timer = setInterval(() => void save(), saveEveryMs)
  // Before anything is pruned the log must know that this reader is there.
  await log.commit({ group, partition, position: forwardedThrough() })

  return {
    logId: id,
    arrivals,
    acknowledged,
    start: () => start,
    forwardedThrough,
    missing: (from, to) => Math.max(0, to - from + 1 - acknowledged.count(from, to)),
    dropBefore(position) {
      if (position <= start) return 0
      const dropped = position - start - acknowledged.count(start, position - 1)
      start = position
      acknowledged.add(1, position - 1)
      return dropped
    },
    save,
    async stop() {
      clearInterval(timer)
      await saving
      await write()
    },
  }
}
