import type { Position } from '../../domain/index.ts'
import type { EmbeddedMessageLog, PackedRecord, RecordSpan } from '../../message-log/index.ts'
import type { Arrivals } from './arrivals.ts'
import { createRanges, type Range, type Ranges } from './ranges.ts'
import { createSendWindow, type Kind } from './send-window.ts'
import { createUplinkBatcher, isTooLong, type UplinkBatch } from './uplink-batch.ts'

export interface Forwarding {
  readonly log: Pick<EmbeddedMessageLog, 'consumeRecords'>
  readonly logId: string
  readonly arrivals: Arrivals
  /** What the hub has; what is acknowledged is added. */
  readonly acknowledged: Ranges
  /** Oldest position that is kept. */
  readonly start: () => Position
  readonly publish: (payload: Buffer, done: (isAcknowledged: boolean) => void) => void
  readonly onAcknowledged: (batch: UplinkBatch, kind: Kind, roundTripMs: number) => void
  /** Positions that can never be sent. */
  readonly onSkipped: (from: Position, to: Position, reason: 'unreadable' | 'too-long') => void
  /** Where live messages begin, each time that changes. */
  readonly onLiveFrom: (position: Position) => void
  readonly settings: {
    /** What the hub takes. */
    readonly maxPacketBytes: number
    /** What a batch may have: less where the line breaks before a long one is through. */
    readonly batchBytes: number
    /** Messages of the backlog; 0: as fast as the line takes. */
    readonly backlogPerSecond: number
    readonly lingerMs: number
    readonly liveLagMs: number
  }
  readonly clock: { now(): number }
  readonly monotonic: { now(): number }
  readonly signal: AbortSignal
}

const maxBatchMessages = 2000
const readMessages = 4000
const tooOld = 'too-old'

/**
 * Sends over one connection until aborted: what comes from now on as live, at once; and what the hub does not have of before,
 * oldest first, with the room that is left. Live messages that wait for longer than `liveLagMs` become backlog too.
 */
export async function forward(deps: Forwarding): Promise<void> {
  const { acknowledged, arrivals, log, monotonic, settings, signal } = deps
  const window = createSendWindow(signal)
  const sent = createRanges(acknowledged.list())
  const isAborted = (): boolean => signal.aborted
  let liveFrom = 0
  let wakeBacklog: () => void = () => undefined
  signal.addEventListener('abort', () => wakeBacklog(), { once: true })

  const newBatcher = () =>
    createUplinkBatcher({
      log: deps.logId,
      maxPacketBytes: settings.batchBytes,
      maxMessages: maxBatchMessages,
      clock: deps.clock,
    })

  const send = (batch: UplinkBatch, kind: Kind): void => {
    const sentAt = monotonic.now()
    const bytes = batch.payload.length
    sent.add(batch.from, batch.to)
    window.sent(kind, bytes)
    deps.publish(batch.payload, (isAcknowledged) => {
      if (!isAcknowledged || isAborted()) return
      const roundTripMs = monotonic.now() - sentAt
      window.acknowledged(kind, bytes, roundTripMs)
      acknowledged.add(batch.from, batch.to)
      deps.onAcknowledged(batch, kind, roundTripMs)
    })
  }

  const skip = (from: Position, to: Position, reason: 'unreadable' | 'too-long'): void => {
    sent.add(from, to)
    deps.onSkipped(from, to, reason)
  }

  /** Takes records on, in order; asks for room when a batch is full. False from `flush` ends it. */
  const createTaker = (from: Position, flush: () => Promise<boolean>) => {
    const batcher = newBatcher()
    let expected = from
    return {
      batcher,
      async take(span: RecordSpan, through: Position): Promise<boolean> {
        for (const record of span.records) {
          if (record.position > through) break
          if (record.position > expected) skip(expected, record.position - 1, 'unreadable')
          expected = record.position + 1
          if (!(await put(record))) return false
        }
        const end = Math.min(span.next - 1, through)
        if (end >= expected) skip(expected, end, 'unreadable')
        expected = Math.max(expected, end + 1)
        return true
      },
    }
    async function put(record: PackedRecord): Promise<boolean> {
      if (isTooLong(record, settings.maxPacketBytes)) {
        skip(record.position, record.position, 'too-long')
        return true
      }
      if (!batcher.fits(record) && !(await flush())) return false
      batcher.add(record)
      return true
    }
  }

  /** Ends where it has fallen behind. */
  const forwardLive = async (from: Position): Promise<void> => {
    const done = new AbortController()
    const reading = AbortSignal.any([signal, done.signal])
    const options = { after: from - 1, maxMessages: readMessages, signal: reading }
    const spans = log.consumeRecords(options)[Symbol.asyncIterator]()
    const flush = async (): Promise<boolean> => {
      await window.room('live')
      if (isAborted() || arrivals.ageMs(taker.batcher.from()) > settings.liveLagMs) return false
      send(taker.batcher.take(false), 'live')
      return true
    }
    const taker = createTaker(from, flush)
    try {
      let next = pull(spans)
      let lingersUntil = 0
      for (;;) {
        const isBegun = taker.batcher.count() > 0
        const span = isBegun ? await within(next, lingersUntil - monotonic.now()) : await next
        if (span === tooOld) {
          if (!(await flush())) return
          continue
        }
        if (span.done || isAborted()) return
        if (!isBegun) lingersUntil = monotonic.now() + settings.lingerMs
        if (!(await taker.take(span.value, Infinity))) return
        next = pull(spans)
      }
    } finally {
      done.abort()
    }
  }

  const pace = createPace(settings.backlogPerSecond, monotonic, signal)

  const forwardBacklog = async ([from, to]: Range): Promise<void> => {
    const done = new AbortController()
    const reading = AbortSignal.any([signal, done.signal])
    const flush = async (): Promise<boolean> => {
      await window.room('backlog')
      await pace(taker.batcher.count())
      if (isAborted()) return false
      send(taker.batcher.take(true), 'backlog')
      return true
    }
    const taker = createTaker(from, flush)
    const spans = { after: from - 1, maxMessages: readMessages, signal: reading }
    try {
      for await (const span of log.consumeRecords(spans)) {
        if (!(await taker.take(span, to))) return
        if (span.next > to) break
      }
      if (taker.batcher.count() > 0) await flush()
    } finally {
      done.abort()
    }
  }

  const live = async (): Promise<void> => {
    while (!isAborted()) {
      liveFrom = arrivals.end() + 1
      deps.onLiveFrom(liveFrom)
      wakeBacklog()
      await forwardLive(liveFrom)
    }
  }
  const backlog = async (): Promise<void> => {
    while (!isAborted()) {
      const gap = sent.gap(deps.start(), liveFrom - 1)
      if (gap) await forwardBacklog(gap)
      else await new Promise<void>((resolve) => (wakeBacklog = resolve))
    }
  }
  await Promise.all([live(), backlog()])
}

/** A read whose failure is seen by whoever awaits it, even where nobody does any more. */
function pull(spans: AsyncIterator<RecordSpan>): Promise<IteratorResult<RecordSpan>> {
  const next = spans.next()
  next.catch(() => undefined)
  return next
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T | typeof tooOld> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<typeof tooOld>((resolve) => {
    timer = setTimeout(() => resolve(tooOld), Math.max(0, ms))
  })
  try {
    return await Promise.race([promise, deadline])
  } finally {
    clearTimeout(timer)
  }
}

/** Lets so many messages a second pass, with a fifth of a second's worth at once. */
function createPace(
  perSecond: number,
  monotonic: { now(): number },
  signal: AbortSignal,
): (count: number) => Promise<void> {
  let freeAt = 0
  return async (count) => {
    if (perSecond === 0) return
    const now = monotonic.now()
    freeAt = Math.max(freeAt, now - 200) + (count * 1000) / perSecond
    if (freeAt <= now) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(finish, freeAt - now)
      function finish(): void {
        clearTimeout(timer)
        signal.removeEventListener('abort', finish)
        resolve()
      }
      signal.addEventListener('abort', finish, { once: true })
      if (signal.aborted) finish()
    })
  }
}
