import { setImmediate as nextTurn } from 'node:timers/promises'
import { LarderError, type Applied, type Position } from '../domain/index.ts'
import type { PackedBatch, StoredBatch } from './batch.ts'
import { readBytes, type BatchSpan, type BatchStore } from './batch-store.ts'
import { createBatchTail } from './batch-tail.ts'
import type { LogHole, LogStats, Pruned, PruneLimits } from './message-log.ts'

/** A span for one reader; its `buffers` are needed by nobody else and may be handed over to another thread. */
export interface Delivery extends BatchSpan {
  readonly buffers: readonly ArrayBuffer[]
}

/** The log in packed batches: what crosses between threads. Every method may be called over a port. */
export interface BatchHub {
  /** Position of the batch's first message, once it is durable. */
  append(batch: PackedBatch): Promise<Position>
  open(reader: {
    /** Null: holds nothing back from pruning. */
    readonly group: string | null
    readonly after: Position | null
    readonly maxMessages: number
    /** A span with fewer messages comes at most so often; those that come meanwhile are in the next. */
    readonly gatherMs: number
  }): Promise<number>
  /** The next span of an open reader, as soon as there is one; null once it is closed. */
  pull(reader: number): Promise<Delivery | null>
  closeReader(reader: number): Promise<void>
  find(position: Position): Promise<StoredBatch | null>
  reportHole(hole: LogHole): Promise<void>
  commit(applied: Applied): Promise<void>
  prune(limits: PruneLimits): Promise<Pruned>
  stats(): Promise<LogStats>
  close(): Promise<void>
}

interface Reader {
  next: Position
  readonly maxMessages: number
  readonly gatherMs: number
  servedAt: number
  gathering: NodeJS.Timeout | undefined
  readonly waiting: {
    readonly resolve: (delivery: Delivery | null) => void
    readonly reject: (error: Error) => void
  }[]
}

/**
 * Serves one store to any number of writers and readers of a thread. What arrives in one turn of the event loop is
 * made durable together; what was just made durable is read from memory, up to `tailBytes`.
 */
export function createBatchHub(
  store: BatchStore,
  options: {
    readonly tailBytes: number
    /** The store can keep nothing any more: its process should end and start again. */
    readonly onBroken?: (error: LarderError) => void
  },
): BatchHub {
  const tail = createBatchTail(options.tailBytes)
  const readers = new Map<number, Reader>()
  const passed = new Map(store.readers())
  let lastReader = 0
  let queue: {
    batch: PackedBatch
    resolve: (first: Position) => void
    reject: (error: Error) => void
  }[] = []
  let closed: LarderError | null = null

  const appendQueued = (): void => {
    const entries = queue
    queue = []
    if (entries.length === 0) return
    try {
      const stored = store.append(entries.map(({ batch }) => batch))
      for (const batch of stored) tail.add(batch)
      for (const [index, entry] of entries.entries()) entry.resolve(stored[index]!.first)
    } catch (error) {
      for (const entry of entries) entry.reject(error as Error)
      if (error instanceof LarderError && error.code === 'RT_STORE_DAMAGED')
        options.onBroken?.(error)
      return
    }
    for (const reader of readers.values()) serve(reader)
  }

  const serve = (reader: Reader): void => {
    while (reader.waiting.length > 0 && reader.next <= store.end()) {
      if (isGathering(reader)) return
      reader.servedAt = performance.now()
      const { resolve, reject } = reader.waiting.shift()!
      try {
        const span = take(reader)
        reader.next = span.next
        resolve(own(span))
      } catch (error) {
        reject(error as Error)
      }
    }
  }

  const isGathering = (reader: Reader): boolean => {
    if (store.end() - reader.next + 1 >= reader.maxMessages) return false
    const waitMs = reader.servedAt + reader.gatherMs - performance.now()
    if (waitMs <= 0) return false
    reader.gathering ??= setTimeout(() => {
      reader.gathering = undefined
      serve(reader)
    }, waitMs)
    return true
  }

  const take = (reader: Reader): BatchSpan => {
    if (reader.next < store.start()) reader.next = store.start()
    return (
      tail.read(reader.next, reader.maxMessages, readBytes) ??
      store.read(reader.next, reader.maxMessages)
    )
  }

  /** Forgets what every open reader has passed, so that the last one may keep the buffers for itself. */
  const own = (span: BatchSpan): Delivery => {
    const oldestNext = Math.min(...[...readers.values()].map(({ next }) => next))
    tail.dropBefore(oldestNext)
    const buffers = span.batches.map(({ buffer }) => buffer)
    return { ...span, buffers: buffers.filter((buffer) => !tail.has(buffer)) }
  }

  const end = (reader: Reader): void => {
    clearTimeout(reader.gathering)
    for (const { resolve } of reader.waiting.splice(0)) resolve(null)
  }

  const lostMessages = (): number =>
    store
      .holes()
      .reduce((sum, { from, to }) => sum + Math.max(0, to - Math.max(from, store.start()) + 1), 0)

  const count = (): number => Math.max(0, store.end() - store.start() + 1 - lostMessages())

  return {
    append(batch) {
      if (closed) return Promise.reject(closed)
      if (queue.length === 0) setImmediate(appendQueued)
      return new Promise((resolve, reject) => queue.push({ batch, resolve, reject }))
    },
    open({ group, after, maxMessages, gatherMs }) {
      const next = (after ?? store.start() - 1) + 1
      if (group !== null) {
        const known = passed.get(group)
        passed.set(group, next - 1)
        if (known === undefined) store.setReaders(passed)
      }
      readers.set(++lastReader, {
        ...{ next, maxMessages, gatherMs, waiting: [] },
        ...{ servedAt: -Infinity, gathering: undefined },
      })
      return Promise.resolve(lastReader)
    },
    pull(id) {
      const reader = readers.get(id)
      if (!reader || closed) return Promise.resolve(null)
      return new Promise((resolve, reject) => {
        reader.waiting.push({ resolve, reject })
        serve(reader)
      })
    },
    closeReader(id) {
      const reader = readers.get(id)
      if (reader) end(reader)
      readers.delete(id)
      return Promise.resolve()
    },
    find(position) {
      if (closed || position < store.start() || position > store.end()) return Promise.resolve(null)
      const batch = store.read(position, 1).batches[0]
      const holds = batch && batch.first <= position && position < batch.first + batch.count
      return Promise.resolve(holds ? { ...batch, buffer: batch.buffer.slice(0) } : null)
    },
    reportHole(hole) {
      store.addHole(hole)
      return Promise.resolve()
    },
    commit({ group, position }) {
      passed.set(group, Math.max(position, passed.get(group) ?? 0))
      return Promise.resolve()
    },
    async prune({ before, maxBytes, through = 0, unread = false }) {
      store.setReaders(passed)
      const start = store.start()
      const lowest = Math.min(store.end(), ...passed.values())
      let isDone = false
      while (!isDone && !closed) {
        isDone = store.prune({
          before,
          maxBytes,
          through,
          passed: unread ? store.end() : Math.min(store.end(), ...passed.values()),
        })
        // Appends have their turn between the pieces.
        await nextTurn()
      }
      tail.dropBefore(store.start())
      const last = store.start() - 1
      return {
        messages: store.start() - start,
        unread: Math.max(0, last - Math.max(start - 1, lowest)),
      }
    },
    stats: () =>
      Promise.resolve({
        id: store.id(),
        messages: count(),
        bytes: store.bytes(),
        oldestReceivedAt: store.oldestReceivedAt(),
        newestReceivedAt: store.newestReceivedAt(),
        ends: new Map([[0, store.end()]]),
        starts: new Map([[0, store.start()]]),
        holes: store.holes(),
      }),
    close() {
      if (closed) return Promise.resolve()
      appendQueued()
      closed = new LarderError('RT_STOPPED', 'The message log has stopped.')
      for (const reader of readers.values()) end(reader)
      readers.clear()
      store.setReaders(passed)
      store.close()
      return Promise.resolve()
    },
  }
}
