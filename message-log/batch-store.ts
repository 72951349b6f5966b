import type { Position } from '../domain/index.ts'
import type { PackedBatch, StoredBatch } from './batch.ts'
import type { LogHole } from './message-log.ts'

/** Batches and holes that follow each other without a gap; `next` is the position after them. */
export interface BatchSpan {
  readonly batches: readonly StoredBatch[]
  readonly holes: readonly LogHole[]
  readonly next: Position
}

export interface BatchLimits {
  readonly before: number
  readonly maxBytes: number
  readonly through: Position
  readonly passed: Position
}

/** Where one thread keeps packed batches in order. Synchronous: its owner decides who waits. */
export interface BatchStore {
  /** 32 hex digits, the same for ever. */
  id(): string
  /** Oldest position not pruned. */
  start(): Position
  /** Highest position ever given, 0 before the first. */
  end(): Position
  /** All durable when it returns, none of them when it throws. */
  append(batches: readonly PackedBatch[]): readonly StoredBatch[]
  /** From the batch that holds `from`, which must be within [start, end], until about so many messages. */
  read(from: Position, maxMessages: number): BatchSpan
  /** Drops whole batches up to `passed` that are older than `before`, not after `through`, or beyond `maxBytes`; never the newest batch. False where it should be called again. */
  prune(limits: BatchLimits): boolean
  readers(): ReadonlyMap<string, Position>
  setReaders(readers: ReadonlyMap<string, Position>): void
  holes(): readonly LogHole[]
  /** Remembers a hole found by a reader. */
  addHole(hole: LogHole): void
  bytes(): number
  oldestReceivedAt(): number | null
  /** Of the batch appended last. */
  newestReceivedAt(): number | null
  close(): void
}

/** Bytes that one read gathers before it stops. */
export const readBytes = 4 * 1024 * 1024

export function missing(from: Position, to: Position): LogHole {
  const count = to - from + 1
  return {
    from,
    to,
    words: `${count === 1 ? '1 message' : `${count} messages`} (position ${from} to ${to}) could not be read: the log is damaged there.`,
  }
}
