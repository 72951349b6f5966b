import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RawMessage } from '../../domain/index.ts'
import { message, messages } from '../message-log.contract.ts'
import { decodeRecord, encodeRecords, keyOf, partitionOf } from './kafka-record.ts'
import { loadKafka } from './native-kafka.ts'
import { createPartitionQueue } from './partition-queue.ts'

test('a record gives its message back, and null for every flipped bit of it', () => {
  const [record] = encodeRecords([message(1)])
  expect(decodeRecord(record!, 7)).toMatchObject({ topic: 'v1/s1/d1/telemetry', position: 7 })
  for (let bit = 0; bit < record!.length * 8; bit++) {
    const flipped = Buffer.from(record!)
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    expect(decodeRecord(flipped, 7)).toBeNull()
  }
})

test('anything else is no message, and never an exception', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      expect(decodeRecord(Buffer.from(bytes), 1)).toBeNull()
    }),
  )
  expect(decodeRecord(null, 1)).toBeNull()
})

test('all of a site are in one partition, whether the topic or a bridge names it', () => {
  const partition = (one: Partial<RawMessage>): number => partitionOf({ ...message(1), ...one }, 12)
  const expected = partition({ topic: 'v1/s7/a/telemetry' })
  expect(partition({ topic: 'v1/s7/b/state' })).toBe(expected)
  expect(partition({ topic: 'zigbee/x', path: { site: 's7', device: 'c' } })).toBe(expected)
  expect(keyOf({ ...message(1), topic: 'v1/s7/a/telemetry' })).toBe('s7/a')
  const used = new Set(
    Array.from({ length: 200 }, (_, n) => partition({ topic: `v1/s${n}/a/telemetry` })),
  )
  expect(used.size).toBe(12)
})

test('what was dropped unread and what is damaged are holes of their own, and batches go on after them', () => {
  const queue = createPartitionQueue(3, 4, () => undefined)
  const values = encodeRecords(messages(1, 3))
  queue.add({ partition: 3, offset: 3, value: values[0]! })
  queue.add({ partition: 3, offset: 6, value: values[0]! })
  queue.add({ partition: 3, offset: 7, value: Buffer.from('x') })
  queue.add({ partition: 3, offset: 8, value: null })
  queue.add({ partition: 3, offset: 9, value: values[1]! })
  queue.add({ partition: 3, offset: 10, value: values[2]! })
  const batch = queue.take(4)
  expect(batch.messages.map(({ position }) => position)).toEqual([7, 10])
  expect(batch.holes).toMatchObject([
    { from: 5, to: 6, words: expect.stringContaining('retention') as string },
    { from: 8, to: 9, words: expect.stringContaining('damaged') as string },
  ])
  expect([batch.position, queue.take(4).position]).toEqual([10, 11])
})

test('choosing Kafka without its compiled part says how to install it', () => {
  expect(() => loadKafka('file:///nowhere/message-log/kafka/native-kafka.js')).toThrow(
    'npm run setup:kafka',
  )
})
