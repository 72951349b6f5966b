import type { RawMessage } from '../domain/index.ts'
import type { MessageLog } from '../message-log/index.ts'
import type { Gate } from './wire/guard.ts'

/** Gathers messages of all connections into one durable append. */
export interface AppendQueue extends Gate {
  /** Calls back once the message is durable, or with the error that it is not. */
  add(message: RawMessage, done: (error: Error | null) => void): void
  /** Resolves once nothing waits any more. */
  drain(): Promise<void>
}

export interface AppendQueueSettings {
  readonly batchWaitMs: number
  readonly batchMessages: number
}

/** Appends on their way at the same time: the log writes one while the next is being gathered. */
const maxAppends = 2
/** Payload waiting for the disk at which connections are no longer read, and at which they are again. */
const closeBytes = 64 * 1024 * 1024
const openBytes = 32 * 1024 * 1024

export function createAppendQueue(deps: {
  readonly log: MessageLog
  readonly settings: AppendQueueSettings
  readonly onAppended: (count: number, startedAt: number, error: Error | null) => void
  readonly wall: { now(): number }
}): AppendQueue {
  const { log, settings } = deps
  const messages: RawMessage[] = []
  const callbacks: ((error: Error | null) => void)[] = []
  let timer: NodeJS.Timeout | undefined
  let appends = 0
  let waitingBytes = 0
  let isOpen = true
  let whenOpen: (() => void)[] = []
  let whenDrained: (() => void)[] = []

  const schedule = (): void => {
    if (messages.length === 0 || appends >= maxAppends) return
    if (messages.length >= settings.batchMessages || settings.batchWaitMs === 0) {
      void flush()
    } else timer ??= setTimeout(() => void flush(), settings.batchWaitMs)
  }

  const flush = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    if (messages.length === 0 || appends >= maxAppends) return
    const batch = messages.splice(0, settings.batchMessages)
    const waiting = callbacks.splice(0, settings.batchMessages)
    appends++
    const startedAt = deps.wall.now()
    let failure: Error | null = null
    try {
      await log.append(batch)
    } catch (error) {
      failure = error as Error
    }
    appends--
    deps.onAppended(batch.length, startedAt, failure)
    for (const { payload } of batch) waitingBytes -= payload.length
    for (const done of waiting) done(failure)
    openAgain()
    schedule()
    if (appends === 0 && messages.length === 0) {
      for (const drained of whenDrained) drained()
      whenDrained = []
    }
  }

  const openAgain = (): void => {
    if (isOpen || waitingBytes > openBytes) return
    isOpen = true
    const listeners = whenOpen
    whenOpen = []
    for (const listener of listeners) listener()
  }

  return {
    add(message, done) {
      messages.push(message)
      callbacks.push(done)
      waitingBytes += message.payload.length
      if (waitingBytes > closeBytes) isOpen = false
      schedule()
    },
    drain() {
      if (appends === 0 && messages.length === 0) return Promise.resolve()
      return new Promise((resolve) => whenDrained.push(resolve))
    },
    isOpen: () => isOpen,
    whenOpen: (listener) => void whenOpen.push(listener),
  }
}
