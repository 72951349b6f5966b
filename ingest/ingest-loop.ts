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

/** Messages read again before the first one to apply, of all partitions together, for what ingest remembers of messages. */
export const rememberedMessages = 50_000
const group = 'ingest'
const backoff = { firstMs: 50, longestMs: 5_000 }

export interface LoopDeps {
  readonly log: MessageLog
  readonly sinks: readonly Sink[]
  /** The same sinks, with what they remember read from their stores again: once a partition has come, for another may have written. */
  readonly openSinks: () => Promise<readonly Sink[]>
  readonly prepare: (batch: LogBatch) => Promise<readonly PreparedMessage[]>
  readonly batchMessages: number
  readonly gatherMs: number
  readonly wall: Clock
  readonly random: Random
  readonly logger: Logger
  readonly signal: AbortSignal
  /** A partition has come: where all sinks have come to in it, and how many messages before that are read again. */
  readonly onAssigned: (partition: number, applied: Position | null, remembered: number) => void
  readonly onLost: (partition: number) => void
  /** Every batch read, also those that are only remembered. */
  readonly onBatch: (batch: LogBatch) => void
  /** Every batch once all sinks have it; `fresh` are the messages that at least one had not. */
  readonly onApplied: (batch: LogBatch, fresh: readonly PreparedMessage[]) => void
}

/** A partition while it is with this process. */
interface Ownership {
  /** By sink. */
  readonly applied: (Position | null)[]
  isLost: boolean
}

/**
 * Reads the partitions that this process has from the sink that is furthest behind, and writes each batch to every sink that has not
 * applied it. A sink that another process has written ends the reading: it begins again where the sinks stand. Ends when aborted.
 */
export async function runIngestLoop(deps: LoopDeps): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await readOnce(deps)
      return
    } catch (error) {
      deps.signal.throwIfAborted()
      if (!isFenced(error)) throw error
      deps.logger.warn({ err: error }, `ingest begins again: ${errorMessage(error)}`)
      await sleep(backoffMs(Math.min(tries, 20), backoff, deps.random), deps)
    }
  }
}

async function readOnce(deps: LoopDeps): Promise<void> {
  const { log, signal } = deps
  let { sinks } = deps
  const known = { areSinksStale: false }
  const { ends } = await untilDone(() => log.stats(), deps)
  const remembered = Math.ceil(rememberedMessages / Math.max(1, ends.size))
  const ours = new Map<number, Ownership>()
  const lose = (partition: number): void => {
    const ownership = ours.get(partition)
    if (!ownership) return
    ownership.isLost = true
    ours.delete(partition)
    deps.onLost(partition)
  }

  const batches = log.consume(group, {
    async after(partition) {
      lose(partition)
      const applied = await Promise.all(
        sinks.map(async (sink) => {
          const positions = await untilDone(() => sink.applied(), deps)
          return positions.get(partition) ?? null
        }),
      )
      known.areSinksStale = true
      ours.set(partition, { applied, isLost: false })
      const reached = furthestBehind(applied)
      deps.onAssigned(partition, reached, remembered)
      // Positions are dense or nearly so: going back this far gives about as many messages.
      return reached !== null && reached > remembered ? reached - remembered : null
    },
    onLost: lose,
    maxMessages: deps.batchMessages,
    gatherMs: deps.gatherMs,
    signal,
  })
  try {
    for await (const batch of batches) {
      const ownership = ours.get(batch.partition)
      if (!ownership) continue
      if (known.areSinksStale) {
        known.areSinksStale = false
        sinks = await untilDone(deps.openSinks, deps)
      }
      await takeBatch(batch, ownership, sinks, deps)
    }
  } catch (error) {
    if (isFenced(error)) for (const partition of [...ours.keys()]) lose(partition)
    throw error
  }
}

/** Null where a sink has not begun. */
function furthestBehind(applied: readonly (Position | null)[]): Position | null {
  return applied.includes(null) ? null : Math.min(...applied.map(Number))
}

async function takeBatch(
  batch: LogBatch,
  ownership: Ownership,
  sinks: readonly Sink[],
  deps: LoopDeps,
): Promise<void> {
  const { partition, position } = batch
  deps.onBatch(batch)
  for (const hole of batch.holes) deps.logger.error({ hole }, 'messages of the log are lost')
  try {
    const messages = await untilDone(() => deps.prepare(batch), deps, ownership)
    const before = furthestBehind(ownership.applied) ?? -1
    if (ownership.isLost) return
    await Promise.all(
      sinks.map((sink, index) => applyBatch({ sink, index, batch, messages, ownership }, deps)),
    )
    await untilDone(() => deps.log.commit({ group, partition, position }), deps, ownership)
    deps.onApplied(batch, beyond(messages, before))
  } catch (error) {
    deps.signal.throwIfAborted()
    if (!ownership.isLost || !(isFenced(error) || isRetryable(error))) throw error
    deps.logger.info(
      `partition ${partition} is another process's now: its batch to ${position} is left to it`,
    )
  }
}

async function applyBatch(
  {
    sink,
    index,
    batch: { partition, position },
    messages,
    ownership,
  }: {
    readonly sink: Sink
    readonly index: number
    readonly batch: LogBatch
    readonly messages: readonly PreparedMessage[]
    readonly ownership: Ownership
  },
  deps: LoopDeps,
): Promise<void> {
  const from = ownership.applied[index] ?? null
  if (from !== null && position <= from) return
  const fresh = beyond(messages, from ?? -1)
  const applied = { group: sink.group, partition, position, from }
  await untilDone(() => sink.write(fresh, applied), deps, ownership)
  ownership.applied[index] = position
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
 * reason is a fault of ours, said loudly; only a damaged store ends the stage, and the loss of the partition the trying.
 */
async function untilDone<T>(
  attempt: () => Promise<T>,
  deps: LoopDeps,
  ownership?: Ownership,
): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      deps.signal.throwIfAborted()
      if (error instanceof LarderError && error.code === 'RT_STORE_DAMAGED') throw error
      if (isFenced(error) || ownership?.isLost === true) throw error
      const waitMs = backoffMs(Math.min(tries, 20), backoff, deps.random)
      const level = isRetryable(error) ? 'warn' : 'error'
      if (tries < 3 || level === 'error') {
        deps.logger[level]({ err: error, waitMs }, `ingest waits: ${errorMessage(error)}`)
      }
      await sleep(waitMs, deps)
    }
  }
}

function sleep(ms: number, { wall, signal }: LoopDeps): Promise<void> {
  return wall.sleepUntil(wall.now() + ms, { signal })
}

function isFenced(error: unknown): boolean {
  return error instanceof LarderError && error.code === 'RT_FENCED'
}
