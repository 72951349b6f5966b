import type { LoggedMessage, Position, RawMessage } from '../../domain/index.ts'
import { packMessages, readMessage, sealBatch } from '../batch.ts'
import { recordsOf } from '../batch-records.ts'

/** Kafka counts from 0, a log of ours from 1. */
export const positionOf = (offset: number): Position => offset + 1
export const offsetOf = (position: Position): number => position - 1

/** One record per message, each with its own checksum, all in one buffer. */
export function encodeRecords(messages: readonly RawMessage[]): Buffer[] {
  if (messages.length === 0) return []
  const records = recordsOf(sealBatch(packMessages(messages), 1)) ?? []
  return records.map(({ bytes }) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
}

/** Null where it is damaged, or none of ours. */
export function decodeRecord(value: Buffer | null, position: Position): LoggedMessage | null {
  if (value === null) return null
  const view = new DataView(value.buffer, value.byteOffset, value.length)
  return readMessage(value, view, 0, value.length, position)
}

/** `site/device` of a message, for whoever reads the topic with other tools; '' where it has none. */
export function keyOf({ topic, path }: RawMessage): string {
  if (path) return `${path.site}/${path.device}`
  const [, site = '', device = ''] = topic.split('/')
  return device === '' ? '' : `${site}/${device}`
}

/**
 * All of a site are in one partition: what is derived of several devices (a product on two shelves, an hour of a site) needs them with
 * one reader, in order. FNV-1a, 32 bits, of the site, or of the topic where it names none.
 */
export function partitionOf(message: RawMessage, partitions: number): number {
  const [site = ''] = keyOf(message).split('/')
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(site === '' ? message.topic : site))
    hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash >>> 0) % partitions
}
