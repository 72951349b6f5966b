import type { Client } from 'aedes'
import fc from 'fast-check'
import mqtt, { type Packet } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { createTextReader } from '../../runtime/index.ts'
import { readPublishes } from './publish-reader.ts'

const id = fc.integer({ min: 1, max: 65_535 })
const publish = fc.record({
  cmd: fc.constant('publish' as const),
  retain: fc.boolean(),
  qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
  dup: fc.constant(false),
  topic: fc.constantFrom('v1/s1/d1/telemetry', 'v1/größe/d', 'a'),
  payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  messageId: id,
})
const other = fc.oneof(
  fc.constant({ cmd: 'pingreq' as const }),
  id.map((messageId) => ({ cmd: 'puback' as const, messageId })),
  id.map((messageId) => ({
    cmd: 'subscribe' as const,
    messageId,
    subscriptions: [{ topic: 'v1/+/d1/command', qos: 1 as const }],
  })),
)

/** What a parser gives of bytes, the fields that are undefined left out. */
function packetsOf(chunks: readonly Buffer[], isOurs: boolean): unknown[] {
  const parser = mqtt.parser()
  const found: Packet[] = []
  parser.on('packet', (packet) => found.push(packet))
  if (isOurs) readPublishes({ _parser: parser } as unknown as Client, createTextReader())
  for (const chunk of chunks) parser.parse(chunk)
  return found.map((packet) =>
    Object.fromEntries(Object.entries(packet).filter(([, value]) => value !== undefined)),
  )
}

test('whole frames give the packets that the parser of aedes gives, in their order', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.oneof(publish, other), { maxLength: 6 })), (chunks) => {
      const bytes = chunks.map((packets) =>
        Buffer.concat(packets.map((packet) => mqtt.generate(packet))),
      )
      expect(packetsOf(bytes, true)).toEqual(packetsOf(bytes, false))
    }),
  )
})

test('after a frame that the parser refuses nothing more is read', () => {
  const publishing = mqtt.generate({
    ...{ cmd: 'publish', topic: 'a', payload: 'x', qos: 0, dup: false, retain: false },
  })
  // A SUBSCRIBE whose flags are not what the standard says.
  const wrong = Buffer.from([0x80, 0x06, 0, 1, 0, 1, 0x61, 0])
  const parser = mqtt.parser()
  const topics: unknown[] = []
  let errors = 0
  parser.on('packet', (packet) => topics.push(packet.cmd))
  parser.on('error', () => errors++)
  readPublishes({ _parser: parser } as unknown as Client, createTextReader())
  parser.parse(Buffer.concat([publishing, wrong, publishing]))
  expect([topics, errors]).toEqual([['publish'], 1])
})
