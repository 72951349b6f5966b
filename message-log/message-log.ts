import type { Applied, LoggedMessage, Position, RawMessage } from '../domain/index.ts'

/** Messages of one partition in log order, and the position to apply them under. */
export interface LogBatch {
  readonly partition: number
  readonly messages: readonly LoggedMessage[]
  /** Position of the last message, or of the last hole, that this batch takes a reader past. */
  readonly position: Position
  /** Spans of damaged messages passed over in this batch: never returned, always named. */
  readonly holes: readonly LogHole[]
}

export interface LogHole {
  readonly from: Position
  readonly to: Position
  readonly words: string
}

export interface LogStats {
  /** Names this log among all logs, for ever: 32 hex digits. A log begun anew after damage has another. */
  readonly id: string
  readonly messages: number
  readonly bytes: number
  readonly oldestReceivedAt: number | null
  /** Of the batch appended last. */
  readonly newestReceivedAt: number | null
  /** Highest durable position by partition. */
  readonly ends: ReadonlyMap<number, Position>
  /** Oldest position not pruned, by partition. */
  readonly starts: ReadonlyMap<number, Position>
  readonly holes: readonly LogHole[]
}

/** What is dropped, oldest first: what is older than `before`, beyond `maxBytes`, or not after `through`. */
export interface PruneLimits {
  /** Receive time. */
  readonly before: number
  readonly maxBytes: number
  /** For whoever knows better than a clock what is old. */
  readonly through?: Position
  /** Drops what a known group has not passed too; without it nothing of that goes. */
  readonly unread?: boolean
}

export interface Pruned {
  readonly messages: number
  /** Those of them that a known group had not passed. */
  readonly unread: number
}

/**
 * The durable, ordered log of raw messages, between the gateway and everything behind it.
 * Every message is in one partition, all of a site in the same, and in order within it.
 * `append` resolves only when all its messages are durable, with their positions in order; it rejects with
 * RT_DISK_FULL or RT_STORE_DAMAGED when none of them may be acknowledged.
 * `consume` yields batches after the given positions, in order per site, at least once, waiting for new ones until aborted.
 * `commit` only hints how far a group has come, for trimming: what a sink applied is the sink's own to know.
 */
export interface MessageLog {
  append(messages: readonly RawMessage[]): Promise<readonly Position[]>
  /** Where `append` puts a message. */
  partitionOf(message: RawMessage): number
  consume(
    group: string,
    options: {
      /**
       * Where a partition goes on, asked whenever it comes to this reader; null or absent: at the oldest message kept. A group
       * of several readers shares the partitions out: each is with one of them at a time.
       */
      readonly after?: (partition: number) => Position | null | Promise<Position | null>
      /** The partition is another reader's: no batch of it follows until `after` has been asked for it again. */
      readonly onLost?: (partition: number) => void
      readonly maxMessages?: number
      /** Batches with fewer messages may come at most so often, for a reader to whom each batch costs; 0 where absent. */
      readonly gatherMs?: number
      readonly signal: AbortSignal
    },
  ): AsyncIterable<LogBatch>
  /** One message again, for a replay of dead letters; null where it was pruned. */
  read(partition: number, position: Position): Promise<LoggedMessage | null>
  commit(applied: Applied): Promise<void>
  prune(limits: PruneLimits): Promise<Pruned>
  stats(): Promise<LogStats>
  close(): Promise<void>
}
