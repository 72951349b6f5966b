import type { PublishPacket } from 'aedes'
import {
  errorMessage,
  type Position,
  type RetainedMessage,
  type RetainedStore,
} from '../../domain/index.ts'
import type { MessageLog } from '../../message-log/index.ts'
import type { Logger } from '../../runtime/index.ts'
import type { Appended } from '../append-queue.ts'

/** What the broker retains, kept through a restart. */
export interface RetainedState {
  /** Takes note of what an append made durable. */
  appended(appended: Appended): void
  /** Whether there is room for one more topic. */
  hasRoomFor(topic: string): boolean
  /** Whether nothing newer than this receive time is retained on the topic. */
  isNewest(topic: string, receivedAt: number): boolean
  stop(): Promise<void>
}

const group = 'retained'
const keepEveryMs = 500
/** Without retained messages only the position is kept, so that a start has this much of the log to read again. */
const positionEveryMs = 30_000
const maxTopics = 100_000

/**
 * Retained messages live in the broker's memory and, half a second behind, in the store. A start fills the broker from the
 * store and from the log beyond it: what was acknowledged as retained is retained again, whatever ended the gateway.
 */
export async function restoreRetained(deps: {
  readonly store: RetainedStore
  readonly log: MessageLog
  readonly retain: (packet: PublishPacket) => Promise<unknown>
  readonly logger: Logger
}): Promise<RetainedState> {
  const { store, log, logger } = deps
  /** Receive time of what is retained, by topic. */
  const topics = new Map<string, number>()
  const pending = new Map<
    string,
    { readonly message: RetainedMessage; readonly partition: number }
  >()
  const { messages, through } = await store.retained()
  const reached = new Map(through)
  const kept = new Map(through)
  let keptAt = performance.now()
  let keeping: Promise<void> | null = null
  let hasFailed = false

  const note = ({ topic, payload, qos, receivedAt }: RetainedMessage, partition: number): void => {
    if (payload.length > 0) topics.set(topic, receivedAt)
    else topics.delete(topic)
    pending.set(topic, { message: { topic, payload, qos, receivedAt }, partition })
  }

  const reach = (partition: number, position: Position): void => {
    reached.set(partition, Math.max(position, reached.get(partition) ?? 0))
  }

  const behind = (): [partition: number, position: Position][] =>
    [...reached].filter(([partition, position]) => position > (kept.get(partition) ?? 0))

  const keepPartition = async (partition: number, position: Position): Promise<void> => {
    const taken = [...pending.values()].filter((one) => one.partition === partition)
    for (const { message } of taken) pending.delete(message.topic)
    try {
      const messages = taken.map(({ message }) => message)
      await store.keepRetained(messages, { group, partition, position })
      await log.commit({ group, partition, position })
      kept.set(partition, position)
    } catch (error) {
      for (const { message } of taken) if (!pending.has(message.topic)) note(message, partition)
      throw error
    }
  }

  const keep = async (): Promise<void> => {
    try {
      for (const [partition, position] of behind()) await keepPartition(partition, position)
      keptAt = performance.now()
      hasFailed = false
    } catch (error) {
      if (!hasFailed) logger.warn({ err: error }, `retained messages wait: ${errorMessage(error)}`)
      hasFailed = true
    }
  }

  const keepWhereDue = (): void => {
    const isDue =
      (pending.size > 0 || performance.now() - keptAt >= positionEveryMs) && behind().length > 0
    if (isDue) keeping ??= keep().finally(() => (keeping = null))
  }

  for (const message of messages) {
    topics.set(message.topic, message.receivedAt)
    await deps.retain(toPacket(message))
  }
  for await (const { message, partition } of retainedAfter(log, through)) {
    note(message, partition)
    await deps.retain(toPacket(message))
  }
  for (const [partition, end] of (await log.stats()).ends) reach(partition, end)
  keepWhereDue()
  const timer = setInterval(keepWhereDue, keepEveryMs)

  return {
    appended({ messages: batch, positions, error }) {
      if (error) return
      for (const [index, message] of batch.entries()) {
        const partition = log.partitionOf(message)
        if (message.retain) note(message, partition)
        reach(partition, positions[index] ?? 0)
      }
    },
    isNewest: (topic, receivedAt) => receivedAt >= (topics.get(topic) ?? -Infinity),
    hasRoomFor: (topic) => topics.size < maxTopics || topics.has(topic),
    async stop() {
      clearInterval(timer)
      await keeping
      await keep()
    },
  }
}

/** Every retained message between positions and the ends that the log has now. */
async function* retainedAfter(
  log: MessageLog,
  through: ReadonlyMap<number, Position>,
): AsyncGenerator<{ readonly message: RetainedMessage; readonly partition: number }> {
  const { ends, starts } = await log.stats()
  const waiting = new Map(
    [...ends].filter(
      ([partition, end]) =>
        end > (through.get(partition) ?? 0) && end >= (starts.get(partition) ?? 0),
    ),
  )
  if (waiting.size === 0) return
  const done = new AbortController()
  const after = (partition: number): Position | null => through.get(partition) ?? null
  for await (const batch of log.consume(group, { after, signal: done.signal })) {
    const { partition, messages, position } = batch
    for (const message of messages) if (message.retain) yield { message, partition }
    if (position >= (waiting.get(partition) ?? Infinity)) waiting.delete(partition)
    if (waiting.size === 0) done.abort()
  }
}

function toPacket({ topic, payload, qos }: RetainedMessage): PublishPacket {
  return { cmd: 'publish', topic, payload: Buffer.from(payload), qos, retain: true, dup: false }
}
