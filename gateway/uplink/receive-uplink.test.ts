import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LarderError, minuteMs, type RawMessage } from '../../domain/index.ts'
import { packMessages, sealBatch } from '../../message-log/batch.ts'
import { recordsOf } from '../../message-log/index.ts'
import { createManualClock } from '../../runtime/index.ts'
import { createUplinkReceiver } from './receive-uplink.ts'
import { readUplinkPacket, uplinkPacketBytes, writeUplinkPacket } from './uplink-packet.ts'

const now = 1_763_793_540_000
const log = '0123456789abcdef0123456789abcdef'
const gateway = { site: 's1', device: 'edge-1' }

const message = (changes: Partial<RawMessage> = {}): RawMessage => ({
  topic: 'v1/s1/d1/telemetry',
  payload: Buffer.from('{"values":{"units":1}}'),
  receivedAt: now - 1000,
  qos: 1,
  retain: false,
  clientId: 's1.d1',
  ...changes,
})

function pack(
  messages: readonly RawMessage[],
  options: { first?: number; isBacklog?: boolean; sentAt?: number } = {},
): Buffer {
  const { first = 7, isBacklog = false, sentAt = now } = options
  const records = recordsOf(sealBatch(packMessages(messages), first))!
  return writeUplinkPacket({ records, isBacklog, log, sentAt })
}

function open(error: Error | null = null) {
  const kept: RawMessage[] = []
  const routed: RawMessage[] = []
  const counted = new Map<string, number>()
  const clock = createManualClock(now)
  const receiver = createUplinkReceiver({
    queue: {
      add(one, done) {
        kept.push(one)
        done(error)
      },
      addAll(all, done) {
        kept.push(...all)
        done(error)
      },
    },
    clock,
    mayRetain: ({ receivedAt }) => receivedAt >= now - 60_000,
    onKept: (one) => routed.push(one),
    onCounted: (what, count) => counted.set(what, (counted.get(what) ?? 0) + count),
  })
  const receive = (payload: Buffer): Error | null => {
    let answer: Error | null | undefined
    const packet = { ...message(), topic: 'v1/s1/edge-1/uplink', payload }
    receiver.receive(gateway, packet, (failure) => (answer = failure))
    expect(answer).toBeDefined()
    return answer!
  }
  return { receive, kept, routed, counted, clock }
}

describe('an uplink packet', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 30 })
  const anyMessage: fc.Arbitrary<RawMessage> = fc.record({
    topic: text,
    payload: fc.uint8Array({ maxLength: 60 }),
    receivedAt: fc.integer({ min: 0, max: 4e12 }),
    qos: fc.constantFrom(0, 1, 2),
    retain: fc.boolean(),
    clientId: fc.option(text),
  })

  it('gives back the messages it was made of, in as many bytes as foretold', () => {
    fc.assert(
      fc.property(
        fc.array(anyMessage, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 2 ** 52 }),
        fc.boolean(),
        (messages, first, isBacklog) => {
          const records = recordsOf(sealBatch(packMessages(messages), first))!
          const size = records.reduce((sum, { bytes }) => sum + bytes.length, 0)
          const packet = writeUplinkPacket({ records, isBacklog, log, sentAt: now })
          expect(packet.length).toBe(uplinkPacketBytes(records.length, size))
          const read = readUplinkPacket(packet)!
          expect(read).toMatchObject({ isBacklog, log, sentAt: now, damaged: [] })
          expect(
            read.messages.map(({ payload, ...rest }) => ({ ...rest, payload: [...payload] })),
          ).toEqual(
            messages.map(({ payload, ...rest }, i) => ({
              ...rest,
              payload: [...payload],
              position: first + i,
            })),
          )
        },
      ),
    )
  })

  it('with any byte changed, cut or made up is read without an error, and its good messages as they were', () => {
    const good = pack([message(), message({ payload: Buffer.from('second') }), message()])
    const whole = readUplinkPacket(good)!.messages.map(({ payload }) => payload.toString())
    for (let at = 0; at < good.length; at++) {
      for (const flip of [1, 0x80, 0xff]) {
        const bytes = Buffer.from(good)
        bytes[at]! ^= flip
        const read = readUplinkPacket(bytes)
        for (const one of read?.messages ?? [])
          expect(one.payload.toString()).toBe(whole[one.position - 7])
        if (read) expect(read.messages.length + read.damaged.length).toBe(3)
      }
      expect(readUplinkPacket(good.subarray(0, at))?.messages.length ?? 0).toBeLessThan(3)
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(readUplinkPacket(Buffer.concat([good.subarray(0, 26), bytes]))).toBeNull()
      }),
    )
  })
})

describe('what an edge gateway forwards', () => {
  it('is kept with its place in the first log, all of it before the answer', () => {
    const { receive, kept, routed, counted } = open()
    expect(
      receive(pack([message(), message({ topic: 'v1/s1/d2/state', retain: true })])),
    ).toBeNull()
    expect(kept).toMatchObject([
      { ...message(), firstPlace: { log, position: 7 } },
      { topic: 'v1/s1/d2/state', retain: true, firstPlace: { log, position: 8 } },
    ])
    expect(kept[0]).not.toHaveProperty('isBacklog')
    expect(routed).toEqual(kept)
    expect(counted).toEqual(new Map([['kept', 2]]))
  })

  it('is marked where it is backlog', () => {
    const { receive, kept } = open()
    receive(pack([message()], { isBacklog: true }))
    expect(kept).toMatchObject([{ isBacklog: true }])
  })

  it('of state is retained where nothing newer is, not even in a batch before that is not on the disk yet', () => {
    const { receive, kept } = open()
    const state = (receivedAt: number) =>
      message({ topic: 'v1/s1/d1/state', retain: true, receivedAt })
    receive(pack([state(now - 5000), state(now - 6000)]))
    receive(pack([state(now - 7000), state(now - 4000)], { isBacklog: true }))
    receive(pack([{ ...state(now - 90_000), topic: 'v1/s1/d2/state' }], { isBacklog: true }))
    expect(kept.map(({ retain }) => retain)).toEqual([true, false, false, true, false])
  })

  it('is not acknowledged, routed or counted where it could not be kept', () => {
    const full = new LarderError('RT_DISK_FULL', 'full')
    const { receive, routed, counted } = open(full)
    expect(receive(pack([message()]))).toBe(full)
    expect([routed, counted.size]).toEqual([[], 0])
  })

  it.each<[string, Partial<RawMessage>]>([
    ['foreign-site', { topic: 'v1/s2/d1/telemetry' }],
    ['foreign-site', { topic: 'zigbee2mqtt/lamp', path: { site: 's2', device: 'd1' } }],
    ['foreign-site', { path: { site: 's1', device: 'a.b' } }],
    ['topic-not-allowed', { topic: 'v1/s1/edge-2/uplink' }],
    ['topic-not-allowed', { topic: 'v1/s1/edge-1/uplink' }],
    ['topic-not-allowed', { topic: 'v1/s1/d1/command' }],
    ['topic-not-allowed', { topic: 'v1/s1/d.1/telemetry' }],
    ['topic-not-allowed', { topic: 'v1/s1/d1' }],
    ['topic-not-allowed', { topic: 'spBv1.0/s1/NDATA/d1' }],
    ['bad-message', { topic: '$SYS/x', path: { site: 's1', device: 'd1' } }],
    ['bad-message', { topic: 'v1/s1/+/telemetry' }],
    ['bad-message', { topic: 'v1/s1/d1/telemetry\0' }],
    ['bad-message', { topic: '' }],
    ['bad-message', { topic: 'a/'.repeat(10), path: { site: 's1', device: 'd1' } }],
    ['bad-message', { topic: 'a'.repeat(257), path: { site: 's1', device: 'd1' } }],
    ['bad-message', { clientId: 'c'.repeat(257) }],
    ['bad-message', { receivedAt: Number.NaN }],
  ])('is left out for %s, and the rest kept: %o', (reason, changes) => {
    const { receive, kept, counted } = open()
    expect(receive(pack([message(), message(changes), message()]))).toBeNull()
    expect(kept.map(({ firstPlace }) => firstPlace?.position)).toEqual([7, 9])
    expect(counted).toEqual(
      new Map([
        [reason, 1],
        ['kept', 2],
      ]),
    )
  })

  it('may come over a bridge of its site, whose topic says nothing', () => {
    const { receive, kept } = open()
    const path = { site: 's1', device: 'lamp-1' }
    receive(pack([message({ topic: 'zigbee2mqtt/lamp', path, retain: true })]))
    expect(kept).toMatchObject([{ topic: 'zigbee2mqtt/lamp', path, retain: false }])
  })

  it('loses a damaged message only', () => {
    const { receive, kept, counted } = open()
    const packet = pack([message(), message(), message()])
    packet[packet.length - 1]! ^= 1
    expect(receive(packet)).toBeNull()
    expect(kept.map(({ firstPlace }) => firstPlace?.position)).toEqual([7, 8])
    expect(counted.get('damaged')).toBe(1)
  })

  it('is kept as it came where it cannot be read', () => {
    const { receive, kept, counted } = open()
    expect(receive(Buffer.from('no batch'))).toBeNull()
    expect(kept).toMatchObject([{ topic: 'v1/s1/edge-1/uplink', payload: Buffer.from('no batch') }])
    expect(counted).toEqual(new Map([['unreadable-batch', 1]]))
  })
})

describe('the time at which an edge gateway received a message', () => {
  const received = (changes: { receivedAt: number }, sentAt: number): number => {
    const { receive, kept } = open()
    receive(pack([message(changes)], { sentAt }))
    return kept[0]!.receivedAt
  }

  it('is believed where the clocks agree within ten minutes', () => {
    expect(received({ receivedAt: now - 5000 }, now - 10 * minuteMs)).toBe(now - 5000)
  })

  it('is corrected where they do not, to the minute', () => {
    const behind = 3 * 365 * 24 * 60 * minuteMs + 20_000
    expect(received({ receivedAt: now - behind - 90_000 }, now - behind)).toBe(
      now - 90_000 - 20_000,
    )
    const ahead = 2 * 60 * minuteMs + 20_000
    expect(received({ receivedAt: now + ahead - 90_000 }, now + ahead)).toBe(now - 90_000 + 20_000)
  })

  it('is never later than now, and never before 2020', () => {
    expect(received({ receivedAt: now + 60_000 }, now)).toBe(now)
    expect(received({ receivedAt: 5000 }, now)).toBe(now)
  })

  it('is the same for a batch sent again, whatever the line did between', async () => {
    const { receive, kept, clock } = open()
    const sentAt = now - 90 * minuteMs - 29_000
    receive(pack([message({ receivedAt: sentAt })], { sentAt }))
    await clock.advanceTo(now + 45_000)
    receive(pack([message({ receivedAt: sentAt })], { sentAt: sentAt + 3000 }))
    expect(kept[1]!.receivedAt).toBe(kept[0]!.receivedAt)
  })
})
