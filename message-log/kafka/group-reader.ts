import { errorMessage, type Position } from '../../domain/index.ts'
import { backoffMs, within } from '../../runtime/index.ts'
import type { LogBatch } from '../message-log.ts'
import { clientConfig } from './kafka-access.ts'
import { delay, limits, type KafkaLogOptions } from './kafka-options.ts'
import { offsetOf } from './kafka-record.ts'
import {
  ask,
  nativeErrors,
  notReady,
  type KafkaModule,
  type NativeConsumer,
  type NativeError,
  type NativeMessage,
  type TopicPlace,
} from './native-kafka.ts'
import { createPartitionQueue, type PartitionQueue } from './partition-queue.ts'
import { watchForStalls } from './watch-for-stalls.ts'

/** One member of a consumer group. */
export interface GroupReader {
  /** Null once it is closed. The batch before counts as done. */
  next(): Promise<LogBatch | null>
  commit(partition: number, position: Position): void
  close(): Promise<void>
}

interface ReaderState {
  client: NativeConsumer | null
  isClosed: boolean
  /** Of `after`: ends the reading. */
  failure: Error | null
  /** Why the client is to be made anew. */
  wanted: string | null
  bytes: number
  /** Partition of the batch that is being applied. */
  inHand: number | null
  lastProgressAt: number
  lastTaken: number
}

const beginning = -2
const pollMs = 100
const pollMessages = 1000
/** Reading is not paused for a batch that is done sooner: what was fetched ahead is fetched again after a pause. */
const pauseAfterMs = 2_000
/** A batch that is being applied while its partition is taken away is waited for so long. */
const handOverMs = 5_000
const backoff = { firstMs: 200, longestMs: 5_000 }

/**
 * Reads in a group of any number of processes. Where the client fails, or makes no progress though there is some to make, it is
 * closed and made anew: its partitions are lost, and asked for again.
 */
export function openGroupReader(deps: {
  readonly kafka: KafkaModule
  readonly options: KafkaLogOptions
  readonly group: string
  readonly after: (partition: number) => Position | null | Promise<Position | null>
  readonly onLost: (partition: number) => void
  readonly maxMessages: number
  /** Offset after the newest message, told by another connection; rejects where the brokers do not answer. */
  readonly endOf: (partition: number) => Promise<number>
}): GroupReader {
  const { kafka, options, maxMessages } = deps
  const { topic, logger } = options
  const stallMs = options.stallMs ?? limits.stallMs
  const queues = new Map<number, PartitionQueue>()
  const state: ReaderState = {
    client: null,
    isClosed: false,
    failure: null,
    wanted: null,
    bytes: 0,
    inHand: null,
    lastProgressAt: performance.now(),
    lastTaken: -1,
  }
  const waits = { batch: new Set<() => void>(), room: new Set<() => void>() }
  const wake = (who: Set<() => void>): void => {
    for (const one of [...who]) one()
    who.clear()
  }
  const isFull = (): boolean => {
    let count = 0
    for (const queue of queues.values()) count += queue.size()
    return count >= 2 * maxMessages || state.bytes >= limits.readAheadBytes
  }

  function lose(partition: number): void {
    const queue = queues.get(partition)
    if (!queue) return
    queue.take(Infinity)
    queues.delete(partition)
    deps.onLost(partition)
  }

  function create(): NativeConsumer {
    let rebalancing = Promise.resolve()
    const sessionMs = options.sessionTimeoutMs ?? limits.sessionTimeoutMs
    const client: NativeConsumer = new kafka.KafkaConsumer(
      {
        ...clientConfig(options),
        'group.id': deps.group,
        'enable.auto.commit': false,
        'enable.auto.offset.store': false,
        'enable.partition.eof': true,
        'partition.assignment.strategy': 'cooperative-sticky',
        'session.timeout.ms': sessionMs,
        'heartbeat.interval.ms': Math.ceil(sessionMs / 4),
        'max.poll.interval.ms': Math.max(limits.maxPollIntervalMs, sessionMs),
        'queued.max.messages.kbytes': limits.readAheadBytes / 1024,
        'fetch.message.max.bytes': limits.recordBytes / 4,
        'fetch.wait.max.ms': 250,
        'socket.keepalive.enable': true,
        'reconnect.backoff.max.ms': 2000,
        rebalance_cb: (error: NativeError, places: readonly TopicPlace[]) => {
          rebalancing = rebalancing
            .then(() => rebalance(client, error, places))
            .catch((failure: unknown) => {
              if (client === state.client) state.wanted ??= errorMessage(failure)
            })
        },
      },
      { 'auto.offset.reset': 'earliest' },
    )
    client.on('event.error', (error) => {
      if (client !== state.client || state.isClosed) return
      logger.warn({ code: error.code }, `Kafka: ${error.message}`)
      if (error.code === nativeErrors.fatal || error.isFatal === true)
        state.wanted ??= error.message
    })
    client.setDefaultConsumeTimeout(pollMs)
    return client
  }

  async function rebalance(
    client: NativeConsumer,
    error: NativeError,
    places: readonly TopicPlace[],
  ): Promise<void> {
    const isOver = (): boolean => client !== state.client || state.isClosed
    if (error.code === nativeErrors.assignPartitions) {
      const starts: TopicPlace[] = []
      for (const { partition } of places) {
        if (isOver()) return
        const position = await startOf(partition)
        if (isOver()) return
        const start = position === null ? null : offsetOf(position) + 1
        queues.set(
          partition,
          createPartitionQueue(partition, start, (bytes) => (state.bytes += bytes)),
        )
        starts.push({ topic, partition, offset: start ?? beginning })
      }
      client.incrementalAssign(starts)
      state.lastProgressAt = performance.now()
      logger.info(
        { partitions: starts.map(({ partition }) => partition) },
        'Kafka: partitions came',
      )
      return
    }
    const partitions = places.map(({ partition }) => partition)
    for (const partition of partitions) lose(partition)
    const isInHand = (): boolean => state.inHand !== null && partitions.includes(state.inHand)
    const deadline = performance.now() + handOverMs
    while (isInHand() && !isOver() && performance.now() < deadline) await delay(10)
    client.incrementalUnassign(places)
    if (!isOver()) logger.info({ partitions }, 'Kafka: partitions went')
  }

  async function startOf(partition: number): Promise<Position | null> {
    try {
      return await deps.after(partition)
    } catch (error) {
      state.failure ??= error instanceof Error ? error : new Error(String(error))
      wake(waits.batch)
      throw error
    }
  }

  async function read(client: NativeConsumer): Promise<void> {
    await ask('connecting to the brokers', limits.connectMs + 1000, (done) =>
      client.connect({ timeout: limits.connectMs }, done),
    )
    client.subscribe([topic])
    state.lastProgressAt = performance.now()
    let isPaused = false
    while (!state.isClosed && state.wanted === null) {
      if (isFull() && !isPaused)
        await within(pauseAfterMs, new Promise<void>((resolve) => waits.room.add(resolve)))
      if (isFull()) {
        isPaused = true
        client.pause(client.assignments())
      } else if (isPaused) {
        isPaused = false
        client.resume(client.assignments())
      }
      await poll(client)
    }
  }

  async function poll(client: NativeConsumer): Promise<void> {
    let stuck: NodeJS.Timeout | undefined
    const messages = await new Promise<readonly NativeMessage[] | NativeError>(
      (resolve, reject) => {
        stuck = setTimeout(() => reject(notReady('a read did not come back')), limits.stuckMs)
        client.consume(Math.min(pollMessages, maxMessages), (error, read) => resolve(error ?? read))
      },
    ).finally(() => clearTimeout(stuck))
    if (!('length' in messages)) {
      if (messages.isFatal === true || messages.code === nativeErrors.fatal)
        state.wanted ??= messages.message
      logger.warn({ code: messages.code }, `Kafka: ${messages.message}`)
      await delay(pollMs)
      return
    }
    if (messages.length > 0 || isFull()) state.lastProgressAt = performance.now()
    for (const message of messages) queues.get(message.partition)?.add(message)
    if (messages.length > 0) wake(waits.batch)
  }

  const isOver = (): boolean => state.isClosed
  const running = (async () => {
    for (let tries = 0; !state.isClosed; tries++) {
      const client = (state.client = create())
      state.wanted = null
      try {
        await read(client)
      } catch (error) {
        state.wanted ??= errorMessage(error)
      }
      if (!isOver()) logger.warn(`Kafka: the reader is made anew: ${state.wanted}`)
      await drop(client)
      for (const partition of [...queues.keys()]) lose(partition)
      if (!isOver()) await delay(backoffMs(Math.min(tries, 10), backoff, options.random))
    }
  })()

  const watch = watchForStalls({ state, queues, stallMs, isFull, endOf: deps.endOf })

  function take(): LogBatch | null {
    const filled = [...queues.values()]
      .filter((queue) => queue.size() > 0)
      .sort((a, b) => a.partition - b.partition)
    const queue = filled.find(({ partition }) => partition > state.lastTaken) ?? filled[0]
    if (!queue) return null
    state.lastTaken = queue.partition
    state.inHand = queue.partition
    const batch = queue.take(maxMessages)
    if (!isFull()) wake(waits.room)
    return batch
  }

  return {
    async next() {
      state.inHand = null
      for (;;) {
        if (state.failure !== null) throw state.failure
        if (state.isClosed) return null
        const batch = take()
        if (batch) return batch
        await new Promise<void>((resolve) => waits.batch.add(resolve))
      }
    },
    commit(partition, position) {
      if (!queues.has(partition)) return
      try {
        state.client?.commit([{ topic, partition, offset: offsetOf(position) + 1 }])
      } catch {
        // A hint: where the group stands is what its sinks have applied.
      }
    },
    async close() {
      state.isClosed = true
      clearInterval(watch)
      wake(waits.batch)
      wake(waits.room)
      await within(2 * limits.closeMs, running)
    },
  }
}

async function drop(client: NativeConsumer): Promise<void> {
  if (!client.isConnected()) return
  await within(limits.closeMs, new Promise<void>((resolve) => client.disconnect(resolve)))
}
