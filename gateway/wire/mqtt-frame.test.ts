import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkFrame, readLength } from './mqtt-frame.ts'

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const text = (value: string | Buffer): Buffer => {
  const content = Buffer.from(value)
  return Buffer.concat([Buffer.from([content.length >> 8, content.length & 255]), content])
}
const frame = (first: number, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts)
  const head = [first]
  for (let left = body.length; ; left >>= 7) {
    head.push(left > 127 ? (left & 127) | 128 : left)
    if (left <= 127) break
  }
  return Buffer.concat([Buffer.from(head), body])
}

const head = (name = 'MQTT', level = 4) => Buffer.concat([text(name), Buffer.from([level])])
const connect = (flags: number, ...rest: readonly Buffer[]): Buffer =>
  frame(0x10, head(), Buffer.from([flags, 0, 60]), ...rest)
const id = (value: number): Buffer => Buffer.from([value >> 8, value & 255])
const qos = (value: number): Buffer => Buffer.from([value])

function check(frameBytes: Buffer, hasConnected = true): string | null {
  const length = readLength(frameBytes, 0)
  if (length === null || length === 'length') return length
  expect(length.head + length.body).toBe(frameBytes.length)
  return checkFrame(frameBytes, 0, length, hasConnected)?.fault ?? null
}

describe('a frame', () => {
  it.each<[string, Buffer, boolean]>([
    ['a plain CONNECT', connect(2, text('s1.d1')), false],
    [
      'a CONNECT with will, username and password',
      connect(0xee, text('s1.d1'), text('v1/s1/d1/state'), text('x'), text('s1/d1'), text('pw')),
      false,
    ],
    ['an MQTT 3.1 CONNECT', frame(0x10, head('MQIsdp', 3), bytes('02 003c'), text('a')), false],
    ['an empty id of a clean session', connect(2, text('')), false],
    ['PUBLISH QoS 0', frame(0x30, text('a/b'), Buffer.from('x')), true],
    ['PUBLISH QoS 1 again', frame(0x3a, text('a/b'), id(7)), true],
    ['PUBLISH QoS 2, retained', frame(0x35, text('é/日本'), id(7), Buffer.alloc(300)), true],
    ['PUBACK', frame(0x40, id(1)), true],
    ['PUBREL', frame(0x62, id(1)), true],
    ['SUBSCRIBE', frame(0x82, id(1), text('a/+/#'), qos(1), text('#'), qos(2)), true],
    ['UNSUBSCRIBE', frame(0xa2, id(1), text('+')), true],
    ['PINGREQ', bytes('c000'), true],
    ['DISCONNECT', bytes('e000'), true],
  ])('%s is let through', (_, good, hasConnected) => {
    expect(check(good, hasConnected)).toBeNull()
  })

  it.each<[string, string, Buffer, boolean?]>([
    ['length', 'a length of five bytes', bytes('30 ffffffff7f')],
    ['first-not-connect', 'PINGREQ before CONNECT', bytes('c000'), false],
    ['second-connect', 'CONNECT again', connect(2, text('a'))],
    [
      'flags',
      'flags on CONNECT',
      Buffer.concat([bytes('11'), connect(2, text('a')).subarray(1)]),
      false,
    ],
    ['protocol', 'another protocol', frame(0x10, head('HTTP'), bytes('02 0000'), text('a')), false],
    ['protocol', 'MQTT 5', frame(0x10, head('MQTT', 5), bytes('02 0000 00'), text('a')), false],
    ['reserved-flag', 'the reserved flag', connect(3, text('a')), false],
    ['will', 'will QoS 3', connect(0x1e, text('a'), text('t'), text('')), false],
    ['will', 'will QoS without will', connect(0x0a, text('a')), false],
    ['will', 'will retain without will', connect(0x22, text('a')), false],
    ['credentials', 'a password without a username', connect(0x42, text('a'), text('pw')), false],
    ['identifier', 'an empty id of a kept session', connect(0, text('')), false],
    ['short', 'a cut CONNECT', connect(0x82, text('a')), false],
    ['excess', 'a CONNECT with more', connect(2, text('a'), bytes('00')), false],
    ['control-character', 'U+0000 in the id', connect(2, text('a\0')), false],
    ['not-utf8', 'a lone surrogate in the id', connect(2, text(bytes('eda080'))), false],
    ['topic', 'a wildcard in the will topic', connect(6, text('a'), text('a/#'), text('')), false],
    [
      'not-utf8',
      'a lone surrogate in the username',
      connect(0x82, text('a'), text(bytes('eda080'))),
      false,
    ],
    ['qos', 'PUBLISH QoS 3', frame(0x36, text('a'), id(1))],
    ['qos', 'DUP with QoS 0', frame(0x38, text('a'))],
    ['topic', 'an empty topic', frame(0x30, text(''))],
    ['topic', 'a wildcard in a topic', frame(0x30, text('a/+'))],
    ['not-utf8', 'overlong UTF-8', frame(0x30, text(bytes('c080')))],
    ['control-character', 'a control character', frame(0x30, text('a\u0007'))],
    ['control-character', 'a non-character', frame(0x30, text('\uffff'))],
    ['too-many-levels', 'eleven levels', frame(0x30, text('/'.repeat(10)))],
    ['too-many-levels', '257 bytes of topic', frame(0x30, text('a'.repeat(257)))],
    ['packet-id', 'packet id 0', frame(0x32, text('a'), id(0))],
    ['short', 'no packet id', frame(0x32, text('a'))],
    ['packet-id', 'PUBACK of 0', frame(0x40, id(0))],
    ['excess', 'a long PUBACK', frame(0x40, id(1), qos(0))],
    ['flags', 'flags on PUBACK', frame(0x41, id(1))],
    ['flags', 'PUBREL without its flag', frame(0x60, id(1))],
    ['flags', 'SUBSCRIBE without its flag', frame(0x80, id(1), text('a'), qos(0))],
    ['short', 'SUBSCRIBE to nothing', frame(0x82, id(1))],
    ['qos', 'SUBSCRIBE with QoS 3', frame(0x82, id(1), text('a'), qos(3))],
    ['short', 'SUBSCRIBE without QoS', frame(0x82, id(1), text('a'))],
    ['filter', 'a + within a level', frame(0x82, id(1), text('ab/+e'), qos(0))],
    ['filter', 'a # before the end', frame(0x82, id(1), text('a/#/b'), qos(0))],
    ['filter', 'an empty filter', frame(0xa2, id(1), text(''))],
    ['too-many-levels', 'a deep filter', frame(0x82, id(1), text('/'.repeat(10)), qos(0))],
    ['excess', 'a long PINGREQ', bytes('c001 00')],
    ['type', 'a CONNACK from a client', bytes('2000')],
    ['type', 'packet type 0', bytes('0000')],
    ['type', 'packet type 15', bytes('f000')],
  ])('is refused for %s: %s', (fault, _, bad, hasConnected = true) => {
    expect(check(bad, hasConnected)).toBe(fault)
  })

  it('of an unknown level of MQTT is answered with CONNACK 1, an empty id with CONNACK 2', () => {
    const level = frame(0x10, head('MQTT', 5), bytes('02 0000 00'), text('a'))
    expect(checkFrame(level, 0, readLength(level, 0) as never, false)?.answer).toEqual(
      bytes('20020001'),
    )
    const empty = connect(0, text(''))
    expect(checkFrame(empty, 0, readLength(empty, 0) as never, false)?.answer).toEqual(
      bytes('20020002'),
    )
  })

  it('of any bytes is judged without an error and without reading past its end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(255), fc.boolean(), (body, first, c) => {
        const one = frame(first, Buffer.from(body))
        const length = readLength(one, 0) as { head: number; body: number }
        const alone = checkFrame(one, 0, length, c)?.fault
        const followed = Buffer.concat([one, Buffer.alloc(80, 1)])
        expect(checkFrame(followed, 0, length, c)?.fault).toBe(alone)
      }),
      { numRuns: 2000 },
    )
  })
})
