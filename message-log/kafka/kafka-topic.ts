import { dayMs, LarderError } from '../../domain/index.ts'
import { limits, type KafkaLogOptions } from './kafka-options.ts'
import {
  ask,
  nativeErrors,
  notReady,
  type KafkaModule,
  type NativeError,
  type NativeMetadata,
} from './native-kafka.ts'
import { readTopicId } from './topic-id.ts'

export interface KafkaTopic {
  /** 32 hex digits. */
  readonly id: string
  readonly partitions: number
}

const mebibyte = 1024 * 1024
const mostReplicas = 3

/** The topic, made where it is absent: three replicas of which two must have an append, where there are three brokers. */
export async function openTopic(kafka: KafkaModule, options: KafkaLogOptions): Promise<KafkaTopic> {
  const found = await findTopic(kafka, options)
  let { partitions } = found
  if (partitions === 0) {
    await makeTopic(kafka, options, Math.min(mostReplicas, found.brokers))
    for (let tries = 0; partitions === 0 && tries < 50; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      partitions = (await findTopic(kafka, options)).partitions
    }
    if (partitions === 0) throw notReady(`the topic ${options.topic} was made and is not there`)
  }
  return { id: await topicId(options), partitions }
}

async function topicId({ brokers, topic }: KafkaLogOptions): Promise<string> {
  const failures: string[] = []
  for (const broker of brokers.split(','))
    try {
      return await readTopicId(broker.trim(), topic, limits.askMs)
    } catch (error) {
      failures.push((error as Error).message)
    }
  throw notReady(`the id of the topic ${topic} could not be read (${failures.join('; ')})`)
}

async function findTopic(
  kafka: KafkaModule,
  options: KafkaLogOptions,
): Promise<{ readonly partitions: number; readonly brokers: number }> {
  const client = new kafka.Producer({ 'metadata.broker.list': options.brokers }, {})
  client.on('event.error', () => undefined)
  try {
    await ask('connecting to the brokers', limits.connectMs + 1000, (done) =>
      client.connect({ timeout: limits.connectMs }, done),
    )
    // Of all topics: asking for one by name may make it.
    const { topics, brokers } = await ask<NativeMetadata>(
      'reading the metadata',
      limits.askMs + 1000,
      (done) => client.getMetadata({ timeout: limits.askMs }, done),
    )
    const topic = topics.find(({ name }) => name === options.topic)
    return { partitions: topic?.partitions.length ?? 0, brokers: brokers.length }
  } finally {
    if (client.isConnected()) client.disconnect(100, () => undefined)
  }
}

async function makeTopic(
  kafka: KafkaModule,
  options: KafkaLogOptions,
  replicas: number,
): Promise<void> {
  const admin = kafka.AdminClient.create({ 'metadata.broker.list': options.brokers })
  const bytes = Math.ceil((options.keepMegabytes * mebibyte) / options.partitions)
  const keepMs = Math.round(options.keepDays * dayMs)
  try {
    await new Promise<void>((resolve, reject) =>
      admin.createTopic(
        {
          topic: options.topic,
          num_partitions: options.partitions,
          replication_factor: replicas,
          config: {
            'cleanup.policy': 'delete',
            'min.insync.replicas': `${replicas >= mostReplicas ? 2 : 1}`,
            'max.message.bytes': `${limits.recordBytes + mebibyte}`,
            'retention.ms': `${keepMs}`,
            'retention.bytes': `${bytes}`,
            // What is dropped is whole segments that are closed: several are to fit what is kept.
            'segment.bytes': `${Math.max(8 * mebibyte, Math.min(256 * mebibyte, Math.ceil(bytes / 8)))}`,
            'segment.ms': `${Math.max(60_000, Math.ceil(keepMs / 8))}`,
          },
        },
        limits.askMs,
        (error) => {
          if (error && error.code !== nativeErrors.topicExists) reject(refusal(options, error))
          else resolve()
        },
      ),
    )
  } finally {
    admin.disconnect()
  }
}

function refusal({ topic }: KafkaLogOptions, error: NativeError): LarderError {
  return new LarderError(
    'RT_SETTINGS_INVALID',
    `The topic ${topic} could not be made on Kafka (${error.message}): make it by hand, or see messageLog.topic and messageLog.partitions.`,
    { cause: error },
  )
}
