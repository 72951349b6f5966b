import type { Position, RawMessage } from '../domain/index.ts'
import type { MessageLog } from '../message-log/index.ts'
import type { Gate } from './wire/guard.ts'

/** Gathers messages of all connections into one durable append. */
export interface AppendQueue extends Gate {
  /** Calls back once the message is durable, or with the error that it is not. */
  add(message: RawMessage, done: (error: Error | null) => void): void
  /** Calls back once all are durable, or with the first error: some may be durable then too. */
  addAll(messages: readonly RawMessage[], done: (error: Error | null) => void): void
  /** Resolves once nothing waits any more. */
  drain(): Promise<void>
  /** Messages that wait for the disk, their bytes, and for how long the append under way has run; 0 where none is. */
  waiting(): { readonly messages: number; readonly bytes: number; readonly ms: number }
}

/** What one append came to. */
export interface Appended {
  readonly messages: readonly RawMessage[]
  /** Of each message; none where the append failed. */
  readonly positions: readonly Position[]
  readonly seconds: number
  readonly error: Error | null
}

export interface AppendQueueSettings {
  readonly batchWaitMs: number
  readonly batchMessages: number
  /** What waits for the disk at which connections are no longer read; they are again at half of it. */
  readonly maxWaitingMegabytes: number
}

/** Appends on their way at the same time: the log writes one while the next is being gathered. */
const maxAppends = 2
/** What a waiting message costs besides its payload and topic: the packet, the message, their callbacks. */
const overheadBytes = 1000

const costOf = ({ payload, topic }: RawMessage): number =>
  payload.length + topic.length + overheadBytes

export function createAppendQueue(deps: {
  readonly log: MessageLog
  readonly settings: AppendQueueSettings
  readonly onAppended: (appended: Appended) => void
  /** So long every append waits while whoever reads the log is behind: devices with a window send no faster than it is read. */
  readonly brakeMs?: (() => number) | undefined
}): AppendQueue {
  const { log, settings } = deps
  const closeBytes = settings.maxWaitingMegabytes * 1024 * 1024
  const messages: RawMessage[] = []
  const callbacks: ((error: Error | null) => void)[] = []
  let timer: NodeJS.Timeout | undefined
  /** Where the disk has nothing to do, an append waits only for what is being read from other connections. */
  let turnEnd: NodeJS.Immediate | undefined
  /** When each append under way began, oldest first. */
  const appends: number[] = []
  let waitingBytes = 0
  let isOpen = true
  const listeners = new Set<() => void>()
  let whenDrained: (() => void)[] = []

  const schedule = (): void => {
    if (messages.length === 0 || appends.length >= maxAppends) return
    const brakeMs = deps.brakeMs?.() ?? 0
    const isFull = messages.length >= settings.batchMessages || settings.batchWaitMs === 0
    if (isFull && brakeMs === 0) void flush()
    else if (appends.length === 0 && brakeMs === 0) turnEnd ??= setImmediate(() => void flush())
    else timer ??= setTimeout(() => void flush(), Math.max(settings.batchWaitMs, brakeMs))
  }

  const flush = async (): Promise<void> => {
    clearTimeout(timer)
    clearImmediate(turnEnd)
    timer = turnEnd = undefined
    if (messages.length === 0 || appends.length >= maxAppends) return
    const batch = messages.splice(0, settings.batchMessages)
    const waiting = callbacks.splice(0, settings.batchMessages)
    const startedAt = performance.now()
    appends.push(startedAt)
    let failure: Error | null = null
    let positions: readonly Position[] = []
    try {
      positions = await log.append(batch)
    } catch (error) {
      failure = error as Error
    }
    appends.splice(appends.indexOf(startedAt), 1)
    const seconds = (performance.now() - startedAt) / 1000
    deps.onAppended({ messages: batch, positions, seconds, error: failure })
    for (const message of batch) waitingBytes -= costOf(message)
    for (const done of waiting) done(failure)
    if (!isOpen && waitingBytes <= closeBytes / 2) turn(true)
    schedule()
    if (appends.length === 0 && messages.length === 0) {
      for (const drained of whenDrained) drained()
      whenDrained = []
    }
  }

  const turn = (open: boolean): void => {
    isOpen = open
    for (const listener of [...listeners]) listener()
  }

  const put = (message: RawMessage, done: (error: Error | null) => void): void => {
    messages.push(message)
    callbacks.push(done)
    waitingBytes += costOf(message)
    if (isOpen && waitingBytes > closeBytes) turn(false)
  }

  return {
    add(message, done) {
      put(message, done)
      schedule()
    },
    addAll(added, done) {
      let left = added.length
      let failure: Error | null = null
      if (left === 0) done(null)
      for (const message of added)
        put(message, (error) => {
          failure ??= error
          if (--left === 0) done(failure)
        })
      schedule()
    },
    drain() {
      if (appends.length === 0 && messages.length === 0) return Promise.resolve()
      return new Promise((resolve) => whenDrained.push(resolve))
    },
    waiting() {
      const [oldest] = appends
      const ms = oldest === undefined ? 0 : performance.now() - oldest
      return { messages: messages.length, bytes: waitingBytes, ms }
    },
    isOpen: () => isOpen,
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
