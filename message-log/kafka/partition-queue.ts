import type { LoggedMessage } from '../../domain/index.ts'
import { missing } from '../batch-store.ts'
import type { LogBatch, LogHole } from '../message-log.ts'
import { decodeRecord, positionOf } from './kafka-record.ts'
import { limits } from './kafka-options.ts'
import type { NativeMessage } from './native-kafka.ts'

/** What was read of one partition and not taken yet, while it is with this reader. */
export interface PartitionQueue {
  readonly partition: number
  /** Offset that is read next; null until the first message tells, where it starts at the oldest. */
  next(): number | null
  readonly size: () => number
  add(message: NativeMessage): void
  take(maxMessages: number): LogBatch
}

export function createPartitionQueue(
  partition: number,
  start: number | null,
  onBytes: (bytes: number) => void,
): PartitionQueue {
  let queue: NativeMessage[] = []
  let next = start
  /** Offset that follows what was taken. */
  let taken = start

  return {
    partition,
    next: () => next,
    size: () => queue.length,
    add(message) {
      if (next !== null && message.offset < next) return
      next = message.offset + 1
      queue.push(message)
      onBytes(message.value?.length ?? 0)
    },
    take(maxMessages) {
      const messages: LoggedMessage[] = []
      const holes: LogHole[] = []
      let bytes = 0
      let count = 0
      for (const { offset, value } of queue) {
        if (count >= maxMessages || bytes >= limits.batchBytes) break
        if (taken !== null && offset > taken) holes.push(dropped(taken, offset - 1))
        const message = decodeRecord(value, positionOf(offset))
        if (message) messages.push(message)
        else addDamaged(holes, offset)
        bytes += value?.length ?? 0
        taken = offset + 1
        count++
      }
      queue = queue.slice(count)
      onBytes(-bytes)
      return { partition, messages, position: positionOf(taken! - 1), holes }
    },
  }
}

function addDamaged(holes: LogHole[], offset: number): void {
  const position = positionOf(offset)
  const last = holes.at(-1)
  const from = last?.to === position - 1 && !isDropped(last) ? last.from : position
  if (from !== position) holes.pop()
  holes.push(missing(from, position))
}

const droppedWords = 'Kafka no longer has'

function dropped(from: number, to: number): LogHole {
  return {
    from: positionOf(from),
    to: positionOf(to),
    words: `${droppedWords} position ${positionOf(from)} to ${positionOf(to)}: they were dropped by the topic's retention before they were read. Raise retention.ms and retention.bytes of the topic.`,
  }
}

const isDropped = ({ words }: LogHole): boolean => words.startsWith(droppedWords)
