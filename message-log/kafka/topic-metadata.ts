import { openBrokerConnection } from './broker-connection.ts'
import type { KafkaAccess } from './kafka-access.ts'

export interface TopicMetadata {
  /**
   * What the cluster gave the topic when it was made, as 32 hex digits: unique among all clusters, and another one where a topic of
   * the name is made anew (KIP-516). The add-on does not tell it.
   */
  readonly id: string
  /** 0: there is no such topic. */
  readonly partitions: number
  readonly brokers: number
}

const metadata = { apiKey: 3, version: 12 } as const
const unknownTopic = 3

/** Asks one broker for Metadata, version 12. No topic is made by asking. */
export async function readTopicMetadata(
  broker: string,
  topic: string,
  access: KafkaAccess | undefined,
  withinMs: number,
): Promise<TopicMetadata> {
  const connection = await openBrokerConnection(broker, access, withinMs)
  try {
    const { apiKey, version } = metadata
    return readAnswer(await connection.ask(apiKey, version, requestOf(topic)), topic)
  } finally {
    connection.close()
  }
}

function requestOf(topic: string): Buffer {
  const name = Buffer.from(topic)
  return Buffer.concat([
    // No tags. One topic, by name: no id yet.
    Buffer.from([0, 2]),
    Buffer.alloc(16),
    compactLength(name.length),
    name,
    // No tags; no topic is made by asking; no authorized operations; no tags.
    Buffer.from([0, 0, 0, 0]),
  ])
}

/** Length + 1 as an unsigned varint; topic names have at most 249 bytes. */
function compactLength(length: number): Buffer {
  const value = length + 1
  return value < 128 ? Buffer.from([value]) : Buffer.from([(value & 127) | 128, value >> 7])
}

function readAnswer(bytes: Buffer, topic: string): TopicMetadata {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes.readUInt8(at++)
      value |= (byte & 127) << shift
      if (byte < 128) return value
    }
  }
  const text = (): string => {
    const length = Math.max(0, varint() - 1)
    at += length
    return bytes.toString('utf8', at - length, at)
  }
  const skipTags = (): void => {
    for (let left = varint(); left > 0; left--) {
      varint()
      at += varint()
    }
  }
  skipTags()
  at += 4
  const brokers = varint() - 1
  for (let left = brokers; left > 0; left--) {
    at += 4
    text()
    at += 4
    text()
    skipTags()
  }
  text()
  at += 4
  varint()
  const error = bytes.readInt16BE(at)
  at += 2
  const name = text()
  if (error === unknownTopic) return { id: '', partitions: 0, brokers }
  if (error !== 0 || name !== topic)
    throw new Error(`it answers error ${error} of Kafka about the topic ${topic}`)
  const id = bytes.toString('hex', at, at + 16)
  at += 17
  return { id, partitions: varint() - 1, brokers }
}
