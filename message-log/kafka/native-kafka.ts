import { createRequire } from 'node:module'
import { existsSync } from 'node:fs'
import { LarderError } from '../../domain/index.ts'

/** What we use of node-rdkafka 3.6, whose own types are only there where it is installed. */
export interface KafkaModule {
  readonly Producer: new (config: KafkaConfig, topicConfig: KafkaConfig) => NativeProducer
  readonly KafkaConsumer: new (config: KafkaConfig, topicConfig: KafkaConfig) => NativeConsumer
  readonly AdminClient: { create(config: KafkaConfig): NativeAdmin }
  readonly librdkafkaVersion: string
}

export type KafkaConfig = Readonly<Record<string, unknown>>

export interface NativeError {
  readonly message: string
  readonly code: number
  readonly isFatal?: boolean
}

export interface TopicPlace {
  readonly topic: string
  readonly partition: number
  readonly offset?: number
}

export interface NativeMessage {
  readonly partition: number
  readonly offset: number
  readonly value: Buffer | null
}

export interface NativeMetadata {
  readonly brokers: readonly { readonly id: number }[]
  readonly topics: readonly {
    readonly name: string
    readonly partitions: readonly { readonly id: number }[]
  }[]
}

type Done<T> = (error: NativeError | null | undefined, result: T) => void

export interface NativeClient {
  connect(options: { readonly timeout: number }, done: Done<unknown>): void
  isConnected(): boolean
  getMetadata(
    options: { readonly topic?: string; readonly timeout: number },
    done: Done<NativeMetadata>,
  ): void
  queryWatermarkOffsets(
    topic: string,
    partition: number,
    timeoutMs: number,
    done: Done<{ readonly lowOffset: number; readonly highOffset: number }>,
  ): void
  on(event: 'event.error', listener: (error: NativeError) => void): void
  on(
    event: 'delivery-report',
    listener: (error: NativeError | null, report: DeliveryReport) => void,
  ): void
}

export interface DeliveryReport {
  readonly partition: number
  readonly offset: number
  readonly opaque: number
}

export interface NativeProducer extends NativeClient {
  produce(
    topic: string,
    partition: number,
    value: Buffer,
    key: string,
    timestamp: number | null,
    opaque: number,
  ): void
  setPollInterval(ms: number): void
  poll(): void
  flush(timeoutMs: number, done: Done<unknown>): void
  disconnect(timeoutMs: number, done: () => void): void
}

export interface NativeConsumer extends NativeClient {
  disconnect(done: () => void): void
  subscribe(topics: readonly string[]): void
  unsubscribe(): void
  setDefaultConsumeTimeout(ms: number): void
  consume(count: number, done: Done<readonly NativeMessage[]>): void
  assign(places: readonly TopicPlace[]): void
  incrementalAssign(places: readonly TopicPlace[]): void
  incrementalUnassign(places: readonly TopicPlace[]): void
  assignments(): TopicPlace[]
  pause(places: readonly TopicPlace[]): void
  resume(places: readonly TopicPlace[]): void
  commit(places: readonly TopicPlace[]): void
}

export interface NativeAdmin {
  createTopic(
    topic: {
      readonly topic: string
      readonly num_partitions: number
      readonly replication_factor: number
      readonly config: Readonly<Record<string, string>>
    },
    timeoutMs: number,
    done: (error: NativeError | null | undefined) => void,
  ): void
  disconnect(): void
}

export const nativeErrors = {
  assignPartitions: -175,
  revokePartitions: -174,
  fatal: -150,
  messageTooLarge: 10,
  topicExists: 36,
  badReplication: 38,
} as const

/** From the sources and from dist/. */
const folders = ['../../native/kafka/', '../../../native/kafka/']

/** `from`: a module of this folder, in the sources or compiled. */
export function loadKafka(from = import.meta.url): KafkaModule {
  for (const folder of folders) {
    const manifest = new URL(`${folder}package.json`, from)
    if (!existsSync(new URL('node_modules/node-rdkafka/package.json', manifest))) continue
    return createRequire(manifest)('node-rdkafka') as KafkaModule
  }
  throw new LarderError(
    'RT_SETTINGS_INVALID',
    'The log is to be on Kafka, and the part that speaks to Kafka is not installed: run npm run setup:kafka in the folder of Larder, then start again.',
  )
}

/** A call of the add-on as a promise, whose failure is a sentence; it ends in any case. */
export async function ask<T>(
  what: string,
  withinMs: number,
  call: (done: Done<T>) => void,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<T>((resolve, reject) => {
      timer = setTimeout(
        () => reject(notReady(`${what} has taken more than ${withinMs} ms`)),
        withinMs,
      )
      call((error, result) => {
        if (error) reject(notReady(`${what} failed (${error.message})`, error))
        else resolve(result)
      })
    })
  } catch (error) {
    throw error instanceof LarderError
      ? error
      : notReady(`${what} failed (${(error as NativeError).message})`, error)
  } finally {
    clearTimeout(timer)
  }
}

export function notReady(words: string, cause?: unknown): LarderError {
  return new LarderError(
    'RT_NOT_READY',
    `Kafka: ${words}. It is tried again; see that the brokers of messageLog.brokers are up and can be reached.`,
    { cause },
  )
}
