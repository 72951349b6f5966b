import type { Random } from '../../domain/index.ts'
import type { KafkaAccess } from './kafka-access.ts'
import type { Logger } from '../../runtime/index.ts'

export interface KafkaLogOptions {
  /** `host:9092,…`: any of the brokers; the others are learnt from them. */
  readonly brokers: string
  /** By itself neither encryption nor login. */
  readonly access?: KafkaAccess
  readonly topic: string
  /** How many the topic gets when it is made here; a topic that is there keeps its own. Sites are shared out over them. */
  readonly partitions: number
  /** What the brokers keep of a topic that is made here, oldest first, whoever has read it. */
  readonly keepDays: number
  readonly keepMegabytes: number
  readonly random: Random
  readonly logger: Logger
  /** A reader that the group has not heard of for so long has lost its partitions. */
  readonly sessionTimeoutMs?: number
  /** Without progress for so long, though there is some to make and the brokers answer, the connection is made anew. */
  readonly stallMs?: number
}

export const limits = {
  connectMs: 20_000,
  askMs: 10_000,
  /** A call of the add-on that has not come back by then never does. */
  stuckMs: 30_000,
  closeMs: 5_000,
  sessionTimeoutMs: 10_000,
  stallMs: 30_000,
  /** A group that waits so long for a reader to give up a partition goes on without it. */
  maxPollIntervalMs: 60_000,
  /** What is on its way to the brokers and not confirmed yet. */
  inFlightBytes: 32 * 1024 * 1024,
  /** What is read and not taken yet. */
  readAheadBytes: 8 * 1024 * 1024,
  batchBytes: 4 * 1024 * 1024,
  recordBytes: 4 * 1024 * 1024,
} as const

export const delay = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms))
