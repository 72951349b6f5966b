import { dayMs, errorMessage, LarderError } from '../../domain/index.ts'
import { clientConfig } from './kafka-access.ts'
import { delay, limits, type KafkaLogOptions } from './kafka-options.ts'
import { nativeErrors, notReady, type KafkaModule, type NativeError } from './native-kafka.ts'
import { readTopicMetadata, type TopicMetadata } from './topic-metadata.ts'

const mebibyte = 1024 * 1024
const mostReplicas = 3
const againMs = 500
const madeAgainMs = 100

/**
 * The topic, made where it is absent: three replicas of which two must have an append, where there are three brokers. Waits a while for
 * brokers that are just starting; who does not let us in is not asked again.
 */
export async function openTopic(
  kafka: KafkaModule,
  options: KafkaLogOptions,
): Promise<TopicMetadata> {
  let found = await findTopic(options)
  if (found.partitions > 0) return found
  await makeTopic(kafka, options, Math.min(mostReplicas, found.brokers))
  for (let tries = 0; tries < 50; tries++) {
    await delay(madeAgainMs)
    found = await findTopic(options)
    if (found.partitions > 0) return found
  }
  throw notReady(`the topic ${options.topic} was made and is not there`)
}

/** Nobody is there yet; anything else is an answer. */
const away = /^(ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ETIMEDOUT)$/

async function findTopic({ brokers, topic, access }: KafkaLogOptions): Promise<TopicMetadata> {
  const deadline = performance.now() + limits.connectMs
  for (;;) {
    const failures: unknown[] = []
    for (const broker of brokers.split(',').map((one) => one.trim()))
      try {
        return await readTopicMetadata(broker, topic, access, limits.askMs)
      } catch (error) {
        failures.push(error)
      }
    const mayCome = failures.some((error) => away.test((error as NodeJS.ErrnoException).code ?? ''))
    if (!mayCome || performance.now() > deadline) throw noneLetsIn(failures)
    await delay(againMs)
  }
}

function noneLetsIn(failures: readonly unknown[]): LarderError {
  return new LarderError(
    'RT_NOT_READY',
    `Kafka: no broker lets us in (${failures.map(errorMessage).join('; ')}). See that those of messageLog.brokers are up, and that messageLog.tls, messageLog.ca, messageLog.username and messageLog.passwordFile are what they ask for.`,
  )
}

async function makeTopic(
  kafka: KafkaModule,
  options: KafkaLogOptions,
  replicas: number,
): Promise<void> {
  const admin = kafka.AdminClient.create(clientConfig(options))
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
