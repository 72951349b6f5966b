import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RawMessage } from '../domain/index.ts'
import { packMessages, readHeader, sealBatch, unpackBatch } from './batch.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const message: fc.Arbitrary<RawMessage> = fc.record({
  topic: text,
  payload: fc.uint8Array({ maxLength: 60 }),
  receivedAt: fc.integer({ min: 0, max: 4e12 }),
  qos: fc.constantFrom(0, 1, 2),
  retain: fc.boolean(),
  clientId: fc.option(text),
})

const words = ({ topic, payload, receivedAt, qos, retain, clientId }: RawMessage): string =>
  JSON.stringify([topic, [...payload], receivedAt, qos, retain, clientId])

const seal = (messages: readonly RawMessage[], first: number) =>
  sealBatch(packMessages(messages), first)

describe('a packed batch', () => {
  it('gives back the messages it was made of, in order, with dense positions', () => {
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 2 ** 52 }),
        (messages, first) => {
          const { messages: read, damaged } = unpackBatch(seal(messages, first))
          expect(read.map(words)).toEqual(messages.map(words))
          expect(read.map(({ position }) => position)).toEqual(messages.map((_, i) => first + i))
          expect(damaged).toEqual([])
        },
      ),
    )
  })

  it('knows its oldest and newest receive time', () => {
    const batch = packMessages(
      [30, 10, 20].map((receivedAt) => ({
        topic: 't',
        payload: new Uint8Array(),
        receivedAt,
        qos: 1,
        retain: false,
        clientId: null,
      })),
    )
    expect([batch.oldestReceivedAt, batch.newestReceivedAt]).toEqual([10, 30])
  })

  const sample: RawMessage[] = Array.from({ length: 5 }, (_, i) => ({
    topic: `v1/s1/d${i}/telemetry`,
    payload: Buffer.from(`{"seq":${i}}`),
    receivedAt: 1e12 + i,
    qos: 1,
    retain: false,
    clientId: `s1.d${i}`,
  }))
  const sampleText = sample.map(words)

  it('loses at most the message that a flipped bit hit, and never returns a wrong one', () => {
    const good = seal(sample, 100)
    for (let bit = 0; bit < good.buffer.byteLength * 8; bit++) {
      const buffer = good.buffer.slice(0)
      new Uint8Array(buffer)[bit >> 3]! ^= 1 << (bit & 7)
      const { messages, damaged } = unpackBatch({ ...good, buffer })
      for (const read of messages) {
        expect(words(read)).toBe(sampleText[read.position - 100])
      }
      expect(messages.length + damaged.length).toBe(5)
      expect(damaged.length).toBeLessThanOrEqual(1)
    }
  })

  it('keeps the messages before a cut', () => {
    const good = seal(sample, 1)
    for (let length = 0; length < good.buffer.byteLength; length++) {
      const { messages, damaged } = unpackBatch({ ...good, buffer: good.buffer.slice(0, length) })
      expect(messages.length).toBeLessThan(5)
      expect(messages.length + damaged.length).toBe(5)
      for (const read of messages) expect(words(read)).toBe(sampleText[read.position - 1])
    }
  })

  it('is not taken for the batch of another place', () => {
    const batch = seal(sample, 7)
    expect(readHeader(batch.buffer)).toEqual({ first: 7, count: 5 })
    expect(unpackBatch({ ...batch, first: 8 })).toEqual({
      messages: [],
      damaged: [8, 9, 10, 11, 12],
    })
  })
})
