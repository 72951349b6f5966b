import type { PublishPacket } from 'aedes'
import { errorMessage, type RetainedMessage, type RetainedStore } from '../../domain/index.ts'
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

/** The embedded log has one partition. */
const partition = 0
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
  const pending = new Map<string, RetainedMessage>()
  const { messages, through } = await store.retained()
  let position = through.get(partition) ?? 0
  let keptPosition = position
  let keptAt = performance.now()
  let keeping: Promise<void> | null = null
  let hasFailed = false

  const note = (message: RetainedMessage): void => {
    const { topic, payload, qos, receivedAt } = message
    if (payload.length > 0) topics.set(topic, receivedAt)
    else topics.delete(topic)
    pending.set(topic, { topic, payload, qos, receivedAt })
  }

  const keep = async (): Promise<void> => {
    const kept = [...pending.values()]
    const reached = position
    pending.clear()
    try {
      await store.keepRetained(kept, { group, partition, position: reached })
      await log.commit({ group, partition, position: reached })
      keptPosition = reached
      keptAt = performance.now()
      hasFailed = false
    } catch (error) {
      for (const message of kept) if (!pending.has(message.topic)) note(message)
      if (!hasFailed) logger.warn({ err: error }, `retained messages wait: ${errorMessage(error)}`)
      hasFailed = true
    }
  }

  const keepWhereDue = (): void => {
    const isDue =
      position > keptPosition && (pending.size > 0 || performance.now() - keptAt >= positionEveryMs)
    if (isDue) keeping ??= keep().finally(() => (keeping = null))
  }

  for (const message of messages) {
    topics.set(message.topic, message.receivedAt)
    await deps.retain(toPacket(message))
  }
  for await (const message of retainedAfter(log, position)) {
    note(message)
    await deps.retain(toPacket(message))
  }
  position = Math.max(position, (await log.stats()).ends.get(partition) ?? 0)
  keepWhereDue()
  const timer = setInterval(keepWhereDue, keepEveryMs)

  return {
    appended({ messages: batch, position: last, error }) {
      if (error) return
      for (const message of batch) if (message.retain) note(message)
      position = Math.max(position, last)
    },
    isNewest: (topic, receivedAt) => receivedAt >= (topics.get(topic) ?? -Infinity),
    hasRoomFor: (topic) => topics.size < maxTopics || topics.has(topic),
    async stop() {
      clearInterval(timer)
      await keeping
      if (position > keptPosition) await keep()
    },
  }
}

/** Every retained message between a position and the end that the log has now. */
async function* retainedAfter(log: MessageLog, after: number): AsyncGenerator<RetainedMessage> {
  const end = (await log.stats()).ends.get(partition) ?? 0
  if (end <= after) return
  const done = new AbortController()
  const options = { after: new Map([[partition, after]]), signal: done.signal }
  for await (const { messages, position } of log.consume(group, options)) {
    yield* messages.filter((message) => message.retain)
    if (position >= end) done.abort()
  }
}

function toPacket({ topic, payload, qos }: RetainedMessage): PublishPacket {
  return { cmd: 'publish', topic, payload: Buffer.from(payload), qos, retain: true, dup: false }
}
