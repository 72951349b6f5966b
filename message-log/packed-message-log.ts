import type { Position } from '../domain/index.ts'
import { createTextReader, type ReadText } from '../runtime/index.ts'
import { packMessages, sealBatch, unpackBatch, type StoredBatch } from './batch.ts'
import { recordsOf, type PackedRecord } from './batch-records.ts'
import type { BatchHub, Delivery } from './batch-hub.ts'
import { missing } from './batch-store.ts'
import type { LogBatch, LogHole, MessageLog } from './message-log.ts'

/** The embedded log has one partition. */
const partition = 0
/** Spans asked for before they are needed, so that reading and applying overlap. */
const pullsAhead = 2

/** Messages of the log that follow each other, as they are packed. */
export interface RecordSpan {
  readonly records: readonly PackedRecord[]
  /** The position after them and after what of their span could not be read. */
  readonly next: Position
}

/** A log that keeps its messages packed, for whoever passes them on as they are. */
export interface EmbeddedMessageLog extends MessageLog {
  /** From the position after `after` on, waiting for new ones until aborted. Holds nothing back from pruning. */
  consumeRecords(options: {
    readonly after: Position
    readonly maxMessages?: number
    readonly signal: AbortSignal
  }): AsyncIterable<RecordSpan>
}

/** The message log over packed batches: packs on the caller's thread, unpacks on the reader's. */
export function createPackedMessageLog(hub: BatchHub): EmbeddedMessageLog {
  return {
    async append(messages) {
      if (messages.length === 0) return []
      const first = await hub.append(packMessages(messages))
      return messages.map((_, index) => first + index)
    },
    partitionOf: () => partition,
    async *consume(group, { after, maxMessages = 1000, gatherMs = 0, signal }) {
      const start = (await after?.(partition)) ?? null
      const reader = { group, after: start, maxMessages, gatherMs, signal }
      const textOf = createTextReader()
      for await (const delivery of deliveries(hub, reader))
        for (const batch of split(hub, delivery, { after: start ?? 0, maxMessages, textOf })) {
          yield batch
          if (signal.aborted) return
        }
    },
    async *consumeRecords({ after, maxMessages = 1000, signal }) {
      const reader = { group: null, after, maxMessages, gatherMs: 0, signal }
      for await (const { batches, next } of deliveries(hub, reader)) {
        const records = batches.flatMap((batch) => recordsOf(batch) ?? repack(batch))
        yield { records: records.filter(({ position }) => position > after), next }
      }
    },
    async read(_, position) {
      const batch = await hub.find(position)
      if (!batch) return null
      return unpackBatch(batch).messages.find((message) => message.position === position) ?? null
    },
    commit: (applied) => hub.commit(applied),
    prune: (limits) => hub.prune(limits),
    stats: () => hub.stats(),
    close: () => hub.close(),
  }
}

async function* deliveries(
  hub: BatchHub,
  options: Parameters<BatchHub['open']>[0] & { readonly signal: AbortSignal },
): AsyncGenerator<Delivery> {
  const { signal, ...asked } = options
  const isAborted = (): boolean => signal.aborted
  if (isAborted()) return
  const reader = await hub.open(asked)
  const stop = (): void => void hub.closeReader(reader).catch(() => undefined)
  signal.addEventListener('abort', stop, { once: true })
  try {
    // An abort while the reader was being opened came before its listener.
    if (isAborted()) return
    const ahead = Array.from({ length: pullsAhead }, () => pull(hub, reader))
    for (;;) {
      const delivery = await ahead.shift()!
      if (!delivery || isAborted()) return
      ahead.push(pull(hub, reader))
      yield delivery
      if (isAborted()) return
    }
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
}

/** What is still good of a batch whose header is damaged. */
function repack(batch: StoredBatch): readonly PackedRecord[] {
  return unpackBatch(batch).messages.flatMap(
    (message) => recordsOf(sealBatch(packMessages([message]), message.position)) ?? [],
  )
}

/** A pull whose failure is seen by whoever awaits it, even where that is later. */
function pull(hub: BatchHub, reader: number): Promise<Delivery | null> {
  const pulled = hub.pull(reader)
  pulled.catch(() => undefined)
  return pulled
}

function* split(
  hub: BatchHub,
  delivery: Delivery,
  {
    after,
    maxMessages,
    textOf,
  }: { readonly after: Position; readonly maxMessages: number; readonly textOf: ReadText },
): Generator<LogBatch> {
  const unpacked = delivery.batches.map((batch) => unpackBatch(batch, textOf))
  const messages = unpacked
    .flatMap((one) => one.messages)
    .filter(({ position }) => position > after)
  const damaged = toHoles(unpacked.flatMap((one) => one.damaged))
  for (const hole of damaged) void hub.reportHole(hole).catch(() => undefined)
  let holes = [...delivery.holes, ...damaged]
    .filter(({ to }) => to > after)
    .sort((a, b) => a.from - b.from)
  for (let at = 0; at === 0 || at < messages.length; at += maxMessages) {
    const part = messages.length <= maxMessages ? messages : messages.slice(at, at + maxMessages)
    const isLast = at + maxMessages >= messages.length
    const position = isLast ? delivery.next - 1 : part.at(-1)!.position
    yield {
      partition,
      messages: part,
      position,
      holes: holes.filter(({ to }) => to <= position),
    }
    holes = holes.filter(({ to }) => to > position)
  }
}

function toHoles(positions: readonly Position[]): LogHole[] {
  const holes: LogHole[] = []
  for (const position of positions) {
    const before = holes.at(-1)
    if (before?.to === position - 1) holes[holes.length - 1] = missing(before.from, position)
    else holes.push(missing(position, position))
  }
  return holes
}
