import {
  errorMessage,
  isRetryable,
  LarderError,
  type Clock,
  type Position,
  type Random,
} from '../domain/index.ts'
import type { LogBatch, MessageLog } from '../message-log/index.ts'
import { backoffMs, type Logger } from '../runtime/index.ts'
import type { PreparedMessage } from './prepare-batch.ts'
import type { Sink } from './sinks/sink.ts'

/** Messages read again before the first one to apply, for what ingest remembers of messages. */
export const rememberedMessages = 50_000
const group = 'ingest'
const backoff = { firstMs: 50, longestMs: 5_000 }

export interface LoopDeps {
  readonly log: MessageLog
  readonly sinks: readonly Sink[]
  readonly prepare: (batch: LogBatch) => Promise<readonly PreparedMessage[]>
  readonly batchMessages: number
  readonly wall: Clock
  readonly random: Random
  readonly logger: Logger
  readonly signal: AbortSignal
  /** Where all sinks have come to before the first batch is read. */
  readonly onStart: (applied: ReadonlyMap<number, Position>) => void
  /** Every batch read, also those that are only remembered. */
  readonly onBatch: (batch: LogBatch) => void
  /** Every batch once all sinks have it; `fresh` are the messages that at least one had not. */
  readonly onApplied: (batch: LogBatch, fresh: readonly PreparedMessage[]) => void
}

/** Reads the log from the sink that is furthest behind, and writes each batch to every sink that has not applied it. Ends when aborted. */
export async function runIngestLoop(deps: LoopDeps): Promise<void> {
  const { log, sinks, signal } = deps
  const applied = await Promise.all(
    sinks.map(async (sink) => new Map(await untilDone(() => sink.applied(), deps))),
  )
  const reached = furthestBehind(applied)
  deps.onStart(reached)
  const batches = log.consume(group, {
    after: beforeRemembered(reached),
    maxMessages: deps.batchMessages,
    signal,
  })
  for await (const batch of batches) {
    deps.onBatch(batch)
    for (const hole of batch.holes) deps.logger.error({ hole }, 'messages of the log are lost')
    const messages = await untilDone(() => deps.prepare(batch), deps)
    const before = Math.min(...applied.map((positions) => positions.get(batch.partition) ?? -1))
    await Promise.all(sinks.map((sink, i) => applyBatch(sink, applied[i]!, batch, messages, deps)))
    await untilDone(
      () => log.commit({ group, partition: batch.partition, position: batch.position }),
      deps,
    )
    deps.onApplied(batch, beyond(messages, before))
  }
}

/** By partition the position of the sink that has come least far; a partition that a sink has not begun is not named. */
function furthestBehind(
  applied: readonly ReadonlyMap<number, Position>[],
): ReadonlyMap<number, Position> {
  const [first = new Map<number, Position>()] = applied
  const shared = [...first.keys()].filter((partition) =>
    applied.every((positions) => positions.has(partition)),
  )
  return new Map(
    shared.map((partition) => [
      partition,
      Math.min(...applied.map((positions) => positions.get(partition)!)),
    ]),
  )
}

/** Positions are dense or nearly so: going back this far gives about as many messages, and all from the oldest where fewer are kept. */
function beforeRemembered(reached: ReadonlyMap<number, Position>): Map<number, Position> {
  const before = [...reached].map(
    ([partition, position]) => [partition, position - rememberedMessages] as const,
  )
  return new Map(before.filter(([, position]) => position > 0))
}

async function applyBatch(
  sink: Sink,
  applied: Map<number, Position>,
  { partition, position }: LogBatch,
  messages: readonly PreparedMessage[],
  deps: LoopDeps,
): Promise<void> {
  const from = applied.get(partition) ?? -1
  if (position <= from) return
  const fresh = beyond(messages, from)
  await untilDone(() => sink.write(fresh, { group: sink.group, partition, position }), deps)
  applied.set(partition, position)
}

function beyond(
  messages: readonly PreparedMessage[],
  position: Position,
): readonly PreparedMessage[] {
  const [first] = messages
  const isAll = first === undefined || first.message.position > position
  return isAll ? messages : messages.filter(({ message }) => message.position > position)
}

/**
 * Tries again with back-off, for ever: what is acknowledged is in the log, and waits there. An error that repeats for no outer
 * reason is a fault of ours, said loudly; only a damaged store ends the stage.
 */
async function untilDone<T>(attempt: () => Promise<T>, deps: LoopDeps): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      deps.signal.throwIfAborted()
      if (error instanceof LarderError && error.code === 'RT_STORE_DAMAGED') throw error
      const waitMs = backoffMs(Math.min(tries, 20), backoff, deps.random)
      const level = isRetryable(error) ? 'warn' : 'error'
      if (tries < 3 || level === 'error') {
        deps.logger[level]({ err: error, waitMs }, `ingest waits: ${errorMessage(error)}`)
      }
      await deps.wall.sleepUntil(deps.wall.now() + waitMs, { signal: deps.signal })
    }
  }
}
