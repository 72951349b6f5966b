import { LarderError, type Position, type RawMessage } from '../../domain/index.ts'
import { encodeRecords, keyOf, partitionOf, positionOf } from './kafka-record.ts'
import { within } from '../../runtime/index.ts'
import { clientConfig } from './kafka-access.ts'
import { limits, type KafkaLogOptions } from './kafka-options.ts'
import {
  ask,
  nativeErrors,
  notReady,
  type KafkaModule,
  type NativeError,
  type NativeProducer,
} from './native-kafka.ts'

export interface KafkaAppender {
  append(messages: readonly RawMessage[]): Promise<readonly Position[]>
  /** Messages, their bytes, and the newest receive time of what was appended here. */
  appended(): {
    readonly messages: number
    readonly bytes: number
    readonly newestReceivedAt: number
  }
  /** The connection, for what may be asked of any. */
  client(): NativeProducer
  close(): Promise<void>
}

interface Job {
  readonly messages: readonly RawMessage[]
  readonly values: readonly Buffer[]
  readonly bytes: number
  readonly positions: Position[]
  readonly resolve: (positions: readonly Position[]) => void
  readonly reject: (error: Error) => void
  left: number
  failure: LarderError | null
}

const pollWhileWaitingMs = 2
const pollMs = 500
const watchMs = 5_000

/**
 * Appends by an idempotent producer, acknowledged by all replicas in sync. A message that is sent is tried for ever, so that none
 * times out and is written later behind its followers: while the brokers are away appends wait, and those of whoever
 * goes on asking wait behind them in order. An append that is refused may still have been written in part.
 */
export async function openKafkaAppender(
  kafka: KafkaModule,
  options: KafkaLogOptions,
  partitions: number,
): Promise<KafkaAppender> {
  const { logger } = options
  const waiting: Job[] = []
  const pending = new Map<number, { readonly job: Job; readonly index: number }>()
  const totals = { messages: 0, bytes: 0, newestReceivedAt: 0 }
  let numbers = 0
  let inFlightBytes = 0
  let isClosed = false
  let lastProgressAt = performance.now()
  let client = await connect()
  let remaking: Promise<void> | null = null

  async function connect(): Promise<NativeProducer> {
    const made = new kafka.Producer(
      {
        ...clientConfig(options),
        'enable.idempotence': true,
        'linger.ms': 2,
        'compression.codec': 'lz4',
        'message.max.bytes': limits.recordBytes,
        'queue.buffering.max.messages': 1_000_000,
        'queue.buffering.max.kbytes': limits.inFlightBytes / 256,
        'socket.keepalive.enable': true,
        'reconnect.backoff.max.ms': 2000,
        dr_cb: true,
      },
      { acks: -1, 'message.timeout.ms': 0 },
    )
    made.on('event.error', (error) => {
      if (made !== client || isClosed) return
      logger.warn({ code: error.code }, `Kafka: ${error.message}`)
      if (error.code === nativeErrors.fatal || error.isFatal === true) remake(error.message)
    })
    made.on('delivery-report', (error, report) => settle(report.opaque, error, report.offset))
    await ask('connecting to the brokers', limits.connectMs + 1000, (done) =>
      made.connect({ timeout: limits.connectMs }, done),
    )
    made.setPollInterval(pollMs)
    return made
  }

  /** What the old client had is refused: whether it was written is not known, so it is not acknowledged. */
  function remake(words: string): void {
    if (isClosed || remaking) return
    remaking = (async () => {
      logger.error(`Kafka: appending begins anew (${words})`)
      await dropClient(client)
      for (const number of [...pending.keys()])
        settle(number, { message: words, code: nativeErrors.fatal }, 0)
      for (;;) {
        try {
          client = await connect()
          break
        } catch (error) {
          logger.warn({ err: error }, 'Kafka: the brokers do not answer')
        }
      }
      remaking = null
      lastProgressAt = performance.now()
      sendNext()
    })()
  }

  function settle(number: number, error: NativeError | null, offset: number): void {
    const sent = pending.get(number)
    if (!sent) return
    pending.delete(number)
    lastProgressAt = performance.now()
    const { job, index } = sent
    if (error) job.failure ??= refusal(error)
    else job.positions[index] = positionOf(offset)
    if (--job.left > 0) return
    inFlightBytes -= job.bytes
    if (job.failure) job.reject(job.failure)
    else {
      totals.messages += job.messages.length
      totals.bytes += job.bytes
      for (const { receivedAt } of job.messages)
        totals.newestReceivedAt = Math.max(totals.newestReceivedAt, receivedAt)
      job.resolve(job.positions)
    }
    sendNext()
  }

  function sendNext(): void {
    while (!remaking && !isClosed) {
      const [job] = waiting
      if (!job || (inFlightBytes > 0 && inFlightBytes + job.bytes > limits.inFlightBytes)) break
      waiting.shift()
      send(job)
    }
    if (pending.size > 0) poller ??= setInterval(poll, pollWhileWaitingMs)
  }

  let poller: NodeJS.Timeout | undefined
  const poll = (): void => {
    if (!remaking && client.isConnected()) client.poll()
    if (pending.size > 0) return
    clearInterval(poller)
    poller = undefined
  }

  function send(job: Job): void {
    if (pending.size === 0) lastProgressAt = performance.now()
    inFlightBytes += job.bytes
    for (const [index, message] of job.messages.entries()) {
      const number = numbers++
      pending.set(number, { job, index })
      const partition = partitionOf(message, partitions)
      try {
        client.produce(options.topic, partition, job.values[index]!, keyOf(message), null, number)
      } catch (error) {
        // Its reports come later: this one's is that it was never sent.
        setImmediate(() => settle(number, error as NativeError, 0))
      }
    }
  }

  const watch = setInterval(() => {
    const isStalled =
      pending.size > 0 && performance.now() - lastProgressAt > (options.stallMs ?? limits.stallMs)
    if (!isStalled || remaking) return
    const asked = client
    ask('reading the metadata', limits.askMs, (done) =>
      asked.getMetadata({ timeout: limits.askMs }, done),
    ).then(
      () => {
        const isStill = performance.now() - lastProgressAt > (options.stallMs ?? limits.stallMs)
        if (isStill && pending.size > 0 && asked === client)
          remake('no append was confirmed though the brokers answer')
      },
      () => undefined,
    )
  }, watchMs).unref()

  return {
    append(messages) {
      if (messages.length === 0) return Promise.resolve([])
      if (isClosed) return Promise.reject(closedError())
      const values = encodeRecords(messages)
      const bytes = values.reduce((sum, { length }) => sum + length, 0)
      return new Promise((resolve, reject) => {
        waiting.push({
          ...{ messages, values, bytes, resolve, reject, positions: [] },
          ...{ left: messages.length, failure: null },
        })
        sendNext()
      })
    },
    appended: () => totals,
    client: () => client,
    async close() {
      if (isClosed) return
      clearInterval(watch)
      const deadline = performance.now() + limits.closeMs
      while (pending.size + waiting.length > 0 && performance.now() < deadline)
        await new Promise((resolve) => setTimeout(resolve, pollWhileWaitingMs))
      isClosed = true
      clearInterval(poller)
      for (const job of waiting.splice(0)) job.reject(closedError())
      for (const { job } of [...pending.values()]) job.reject(closedError())
      pending.clear()
      await dropClient(client)
    },
  }
}

async function dropClient(client: NativeProducer): Promise<void> {
  await within(
    limits.closeMs,
    new Promise<void>((resolve) => {
      if (!client.isConnected()) resolve()
      else client.disconnect(limits.closeMs / 2, resolve)
    }),
  )
}

function closedError(): LarderError {
  return new LarderError('RT_STOPPED', 'The log on Kafka was closed; the messages are not kept.')
}

function refusal(error: NativeError): LarderError {
  if (error.code === nativeErrors.messageTooLarge)
    return new LarderError(
      'RT_TOO_LARGE',
      'A message is longer than the topic on Kafka takes: raise max.message.bytes of the topic, or lower mqtt.maxPacketBytes.',
    )
  return notReady(`a message was not taken (${error.message})`, error)
}
