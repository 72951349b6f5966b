import { LarderError, type Position } from '../../domain/index.ts'
import type { LogStats, MessageLog } from '../message-log.ts'
import { openGroupReader, type GroupReader } from './group-reader.ts'
import { openKafkaAppender } from './kafka-appender.ts'
import { checkLibrary } from './kafka-access.ts'
import { delay, limits, type KafkaLogOptions } from './kafka-options.ts'
import { offsetOf, partitionOf, positionOf } from './kafka-record.ts'
import { openTopic } from './kafka-topic.ts'
import { ask, loadKafka } from './native-kafka.ts'
import { createPlaceReader } from './place-reader.ts'

/** Until a message tells what messages weigh. */
const guessedBytes = 200
const watermarksAgainMs = 100

/**
 * The message log on Kafka: any number of processes append and read, and a group shares the partitions out. Positions are
 * offsets, counted from 1. The brokers drop what is old, as the topic is set (`retention.ms`, `retention.bytes`): `prune` drops
 * nothing here, and what a group had not read is told it as a hole. `bytes` of the stats is an estimate.
 */
export async function createKafkaMessageLog(options: KafkaLogOptions): Promise<MessageLog> {
  const kafka = loadKafka()
  checkLibrary(kafka.librdkafkaVersion, options.access)
  const topic = await openTopic(kafka, options)
  const appender = await openKafkaAppender(kafka, options, topic.partitions)
  const places = createPlaceReader(kafka, options)
  const readers = new Map<string, Set<GroupReader>>()
  const oldest = new Map<
    number,
    { readonly position: Position; readonly receivedAt: number | null }
  >()
  let isClosed = false

  /** Tried again for a while: a partition may just be getting its leader. */
  async function watermarks(
    partition: number,
  ): Promise<{ readonly lowOffset: number; readonly highOffset: number }> {
    const deadline = performance.now() + limits.askMs
    for (;;)
      try {
        return await ask('reading the ends of the topic', limits.askMs + 1000, (done) =>
          appender.client().queryWatermarkOffsets(options.topic, partition, limits.askMs, done),
        )
      } catch (error) {
        if (isClosed || performance.now() > deadline) throw error
        await delay(watermarksAgainMs)
      }
  }

  /** When the oldest message of a partition was received; remembered until it is dropped. */
  async function oldestReceivedAt(partition: number, position: Position): Promise<number | null> {
    const known = oldest.get(partition)
    if (known?.position === position) return known.receivedAt
    const receivedAt = (await places.read(partition, position))?.receivedAt ?? null
    oldest.set(partition, { position, receivedAt })
    return receivedAt
  }

  async function stats(): Promise<LogStats> {
    const starts = new Map<number, Position>()
    const ends = new Map<number, Position>()
    let messages = 0
    let oldestAt: number | null = null
    await Promise.all(
      Array.from({ length: topic.partitions }, async (_, partition) => {
        const { lowOffset, highOffset } = await watermarks(partition)
        starts.set(partition, positionOf(lowOffset))
        ends.set(partition, positionOf(highOffset - 1))
        messages += highOffset - lowOffset
      }),
    )
    for (const [partition, start] of starts) {
      if (start > ends.get(partition)!) continue
      const receivedAt = await oldestReceivedAt(partition, start)
      if (receivedAt !== null) oldestAt = Math.min(oldestAt ?? receivedAt, receivedAt)
    }
    const own = appender.appended()
    const bytesEach = own.messages > 0 ? own.bytes / own.messages : guessedBytes
    return {
      id: topic.id,
      messages,
      bytes: Math.round(messages * bytesEach),
      oldestReceivedAt: oldestAt,
      newestReceivedAt: own.messages > 0 ? own.newestReceivedAt : await newest(ends, starts),
      ...{ ends: sorted(ends), starts: sorted(starts), holes: [] },
    }
  }

  async function newest(
    ends: ReadonlyMap<number, Position>,
    starts: ReadonlyMap<number, Position>,
  ): Promise<number | null> {
    let newestAt: number | null = null
    for (const [partition, end] of ends) {
      if (end < starts.get(partition)!) continue
      const message = await places.read(partition, end)
      if (message) newestAt = Math.max(newestAt ?? 0, message.receivedAt)
    }
    return newestAt
  }

  return {
    append: (messages) => appender.append(messages),
    partitionOf: (message) => partitionOf(message, topic.partitions),
    async *consume(group, { after, onLost, maxMessages = 1000, signal }) {
      const isAborted = (): boolean => signal.aborted
      if (isAborted() || isClosed) return
      const reader = openGroupReader({
        ...{ kafka, options, maxMessages },
        group: `${options.topic}.${group}`,
        after: after ?? (() => null),
        onLost: onLost ?? (() => undefined),
        endOf: async (partition) => (await watermarks(partition)).highOffset,
      })
      const ofGroup = readers.get(group) ?? new Set()
      readers.set(group, ofGroup.add(reader))
      const stop = (): void => void reader.close()
      signal.addEventListener('abort', stop, { once: true })
      try {
        for (;;) {
          const batch = await reader.next()
          if (!batch || isAborted()) return
          yield batch
          if (isAborted()) return
        }
      } finally {
        signal.removeEventListener('abort', stop)
        ofGroup.delete(reader)
        await reader.close()
      }
    },
    async read(partition, position) {
      if (isClosed) throw new LarderError('RT_STOPPED', 'The log on Kafka was closed.')
      if (position < 1 || partition < 0 || partition >= topic.partitions) return null
      const { lowOffset, highOffset } = await watermarks(partition)
      const offset = offsetOf(position)
      return offset < lowOffset || offset >= highOffset ? null : places.read(partition, position)
    },
    commit({ group, partition, position }) {
      for (const reader of readers.get(group) ?? []) reader.commit(partition, position)
      return Promise.resolve()
    },
    prune: () => Promise.resolve({ messages: 0, unread: 0 }),
    stats,
    async close() {
      if (isClosed) return
      isClosed = true
      const open = [...readers.values()].flatMap((ofGroup) => [...ofGroup])
      const closing = Promise.all([
        ...open.map((reader) => reader.close()),
        appender.close(),
        places.close(),
      ])
      // The add-on is known to hang at its end: whoever closes goes on.
      await Promise.race([closing, delay(3 * limits.closeMs)])
    },
  }
}

const sorted = <T>(map: ReadonlyMap<number, T>): Map<number, T> =>
  new Map([...map].sort(([a], [b]) => a - b))
