import { beforeEach, describe, expect, test } from 'vitest'
import type { LoggedMessage } from '../../domain/index.ts'
import { decodeMessage, type DecodedMessage } from '../decode/decode-message.ts'
import { decoders } from '../decode/decoders.ts'
import type { Profile } from '../profiles/profile.ts'
import { learnBirths } from './decode-sparkplug.ts'
import { createEdgeNodes, type EdgeNodes } from './edge-nodes.ts'
import { readSparkplug, writeSparkplug } from './payload.ts'

const start = Date.UTC(2026, 10, 2, 8)
const [int8, int64, uint64, float, text, boolean] = [1, 4, 8, 9, 12, 11]

let nodes: EdgeNodes
let position: number
let profiles: readonly Profile[]

beforeEach(() => {
  nodes = createEdgeNodes()
  position = 0
  profiles = []
})

interface Options {
  readonly device?: string
  readonly receivedAt?: number
  readonly isBacklog?: true
  readonly isReplay?: boolean
}

function say(type: string, payload: object, options: Options = {}): DecodedMessage {
  const { device, receivedAt = start + position * 1000, isBacklog, isReplay = false } = options
  const message: LoggedMessage = {
    topic: `spBv1.0/plant/${type}/edge-1${device === undefined ? '' : `/${device}`}`,
    payload: payload instanceof Uint8Array ? payload : writeSparkplug(payload),
    ...{ receivedAt, position: position++, qos: 0, retain: false, clientId: 'plant' },
    path: { site: 's1', device: device ?? 'edge-1' },
    ...(isBacklog ? { isBacklog } : {}),
  }
  return decodeMessage(message, 0, { formats: decoders, profiles, nodes, isReplay })
}

const nodeBirth = (bdSeq = 0): object => ({
  timestamp: start,
  seq: 0,
  metrics: [
    { name: 'bdSeq', datatype: uint64, longValue: bdSeq },
    { name: 'Node Control/Rebirth', datatype: boolean, booleanValue: false },
    { name: 'celsius', alias: 1, datatype: float, floatValue: 4.2, timestamp: start - 5 },
  ],
})
const deviceBirth = {
  timestamp: start,
  seq: 1,
  metrics: [
    { name: 'units', alias: 10, datatype: int64, longValue: 12 },
    { name: 'in', alias: 11, datatype: int64, longValue: 7 },
    { name: 'label', alias: 12, datatype: text },
  ],
}
const celsius = (seq: number, value: number, more: object = {}): object => ({
  timestamp: start + seq,
  seq,
  metrics: [{ alias: 1, floatValue: value, ...more }],
})

const valuesOf = (message: DecodedMessage): readonly unknown[] =>
  message.type === 'telemetry'
    ? message.parts.flatMap(({ at, channels, values }) =>
        channels.map((channel, i) => [channel, values[i], at]),
      )
    : [message.type]

describe('births and data', () => {
  test('a birth names what its data tell by alias, and says its own values', () => {
    expect(valuesOf(say('NBIRTH', nodeBirth()))).toEqual([['celsius', 4.2, start - 5]])
    expect(valuesOf(say('NDATA', celsius(1, 5.5)))).toEqual([['celsius', 5.5, start + 1]])
  })

  test('a birth counts nothing: what it says again was said before', () => {
    say('NBIRTH', nodeBirth())
    const birth = say('DBIRTH', deviceBirth, { device: 'shelf-1' })
    expect(valuesOf(birth)).toEqual([['units', 12, start]])
    const metrics = [{ alias: 11, longValue: 3 }]
    const data = say('DDATA', { timestamp: start, seq: 2, metrics }, { device: 'shelf-1' })
    expect(valuesOf(data)).toEqual([['in', 3, start]])
  })

  test('every type of number comes as it was meant', () => {
    const metric = (name: string, datatype: number, value: object): object => ({
      ...{ name, datatype, ...value },
    })
    const metrics = [
      metric('a', int8, { intValue: 0xff }),
      metric('b', 2, { intValue: 0xfffe }),
      metric('c', 3, { intValue: 0xfffffffd }),
      metric('d', int64, { longValue: '18446744073709551612' }),
      metric('e', 5, { intValue: 255 }),
      metric('f', 7, { intValue: 0xffffffff }),
      metric('g', uint64, { longValue: Number.MAX_SAFE_INTEGER }),
      metric('h', float, { floatValue: 0.1 }),
      metric('i', 10, { doubleValue: 0.1 }),
      metric('j', boolean, { booleanValue: true }),
    ]
    const told = valuesOf(say('NBIRTH', { timestamp: start, seq: 0, metrics }))
    expect(told.map((one) => (one as unknown[])[1])).toEqual([
      ...[-1, -2, -3, -4, 255, 0xffffffff, Number.MAX_SAFE_INTEGER, 0.1, 0.1, 1],
    ])
  })

  test('what is no number that can be kept is passed over and counted; a null says nothing', () => {
    say('NBIRTH', nodeBirth())
    const metrics = [
      { alias: 1, floatValue: 3.5 },
      { alias: 1, isNull: true },
      { name: 'big', datatype: uint64, longValue: '18446744073709551615' },
      { name: 'nan', datatype: float, floatValue: NaN },
      { name: 'time', datatype: 13, longValue: start },
      { name: 'words', datatype: text },
    ]
    const data = say('NDATA', { timestamp: start, seq: 1, metrics })
    expect(valuesOf(data)).toEqual([['celsius', 3.5, start]])
    expect(data.news).toMatchObject({ skipped: 4 })
  })

  test('a message of which nothing can be used is a dead letter; one of nulls is not', () => {
    say('NBIRTH', nodeBirth())
    const words = { name: 'words', datatype: text }
    expect(say('NDATA', { timestamp: start, seq: 1, metrics: [words] })).toMatchObject({
      letter: { reason: 'missing-values' },
    })
    const none = { alias: 1, isNull: true }
    expect(say('NDATA', { timestamp: start, seq: 2, metrics: [none] }).type).toBe('nothing')
  })

  test('historical values are of the past, and say nothing of now', () => {
    say('NBIRTH', nodeBirth())
    const past = { isHistorical: true, timestamp: start - 86_400_000 }
    const data = say('NDATA', celsius(1, 9.5, past))
    expect(valuesOf(data)).toEqual([['celsius', 9.5, start - 86_400_000]])
    expect(data.isHistorical).toBe(true)
    expect(say('NDATA', celsius(2, 4)).isHistorical).toBe(false)
  })

  test('names that are no channels go by the profile of the topic', () => {
    profiles = [
      {
        ...{ name: 'plant', description: '' },
        messages: [
          {
            topic: 'spBv1.0/plant/+/edge-1',
            channels: [
              { channel: 'celsius', pointer: '/Inputs~1Temp F', scale: 5 / 9, offset: -160 / 9 },
            ],
          },
        ],
      },
    ]
    const metrics = [
      { name: 'Inputs/Temp F', datatype: float, floatValue: 50 },
      { name: 'Inputs/Other', datatype: float, floatValue: 1 },
      { name: 'humidityPct', datatype: float, floatValue: 60 },
    ]
    const birth = say('NBIRTH', { timestamp: start, seq: 0, metrics })
    expect(valuesOf(birth)).toEqual([
      ['celsius', 10, start],
      ['humidityPct', 60, start],
    ])
    expect(birth.news).toMatchObject({ skipped: 1 })
  })
})

describe('gaps', () => {
  test('a number that is left out asks the edge node for its births, and the data count all the same', () => {
    say('NBIRTH', nodeBirth())
    expect(say('NDATA', celsius(1, 4)).news).not.toHaveProperty('ask')
    const data = say('NDATA', celsius(3, 5))
    expect(valuesOf(data)).toEqual([['celsius', 5, start + 3]])
    const { topic, payload } = data.news!.ask!.set.sparkplug as { topic: string; payload: string }
    expect(topic).toBe('spBv1.0/plant/NCMD/edge-1')
    expect(readSparkplug(Buffer.from(payload, 'base64')).metrics).toMatchObject([
      { name: 'Node Control/Rebirth', datatype: boolean, booleanValue: true },
    ])
  })

  test('255 is followed by 0, over the messages of the node and of its devices', () => {
    say('NBIRTH', nodeBirth())
    say('DBIRTH', deviceBirth, { device: 'shelf-1' })
    const asks = Array.from({ length: 600 }, (_, i) => {
      const seq = (i + 2) % 256
      const metrics = [{ alias: 10, longValue: i }]
      return i % 3 === 0
        ? say('DDATA', { timestamp: start, seq, metrics }, { device: 'shelf-1' })
        : say('NDATA', celsius(seq, i))
    }).filter(({ news }) => news?.ask)
    expect(asks).toEqual([])
  })

  test('it is asked once, and again after a minute without its birth', () => {
    say('NBIRTH', nodeBirth())
    const asked = [3, 5, 7, 9].map((seq, i) =>
      Boolean(say('NDATA', celsius(seq, 4), { receivedAt: start + 10_000 + i * 25_000 }).news?.ask),
    )
    expect(asked).toEqual([true, false, false, true])
  })

  test('the birth that comes is the answer to the command', () => {
    say('NBIRTH', nodeBirth())
    const { ask } = say('NDATA', celsius(3, 5)).news!
    expect(say('NBIRTH', nodeBirth()).news?.answered).toMatchObject({ id: ask!.id })
    expect(say('NDATA', celsius(1, 5)).news).not.toHaveProperty('ask')
  })

  test('the same message again is nothing new', () => {
    say('NBIRTH', nodeBirth())
    say('NDATA', celsius(1, 4))
    expect(say('NDATA', celsius(1, 4)).type).toBe('nothing')
    expect(say('NDATA', celsius(2, 4)).news).not.toHaveProperty('ask')
  })

  test('messages that are read again move nothing', () => {
    say('NBIRTH', nodeBirth())
    say('NDATA', celsius(1, 4))
    say('NDATA', celsius(2, 4))
    position = 1
    expect(say('NDATA', celsius(1, 4)).news).not.toHaveProperty('ask')
    expect(say('NDATA', celsius(2, 4)).news).not.toHaveProperty('ask')
    expect(say('NDATA', celsius(3, 4)).news).not.toHaveProperty('ask')
  })
})

describe('without a birth', () => {
  test('data by alias are kept as a dead letter, and the birth is asked for', () => {
    const data = say('NDATA', celsius(7, 4))
    expect(data).toMatchObject({ type: 'bad', letter: { reason: 'no-birth' } })
    expect(data.news?.ask).toBeDefined()
  })

  test('once the birth is known, the letter can be read, and moves nothing', () => {
    const unread = celsius(7, 4)
    say('NDATA', unread)
    say('NBIRTH', nodeBirth())
    const again = say('NDATA', unread, { isReplay: true, receivedAt: start })
    expect(valuesOf(again)).toEqual([['celsius', 4, start + 7]])
    expect(say('NDATA', celsius(1, 4)).news).not.toHaveProperty('ask')
  })

  test('a name with a type stands for itself, and the birth is asked for all the same', () => {
    const metrics = [{ name: 'celsius', datatype: float, floatValue: 3 }]
    const data = say('NDATA', { timestamp: start, seq: 4, metrics })
    expect(valuesOf(data)).toEqual([['celsius', 3, start]])
    expect(data.news?.ask).toBeDefined()
  })

  test('births that the store kept name data after a restart', () => {
    const births = [
      say('NBIRTH', nodeBirth()).news!.birth!,
      say('DBIRTH', deviceBirth, { device: 'shelf-1' }).news!.birth!,
    ]
    nodes = createEdgeNodes([...births].reverse())
    learnBirths(nodes)
    const metrics = [{ alias: 10, longValue: 9 }]
    const data = say('DDATA', { timestamp: start, seq: 200, metrics }, { device: 'shelf-1' })
    expect(valuesOf(data)).toEqual([['units', 9, start]])
    expect(data.news).not.toHaveProperty('ask')
  })
})

describe('deaths', () => {
  const death = (bdSeq: number): object => ({
    timestamp: start,
    metrics: [{ name: 'bdSeq', datatype: uint64, longValue: bdSeq }],
  })

  test('a node that dies takes its devices with it', () => {
    say('NBIRTH', nodeBirth(5))
    say('DBIRTH', deviceBirth, { device: 'shelf-1' })
    expect(say('NDEATH', death(5))).toMatchObject({
      type: 'state',
      topic: { site: 's1', device: 'edge-1' },
      state: { connection: 'offline' },
      also: [{ site: 's1', device: 'shelf-1' }],
    })
  })

  test('the Will of a session before the last birth says nothing', () => {
    say('NBIRTH', nodeBirth(5))
    say('NBIRTH', nodeBirth(6))
    expect(say('NDEATH', death(5)).type).toBe('nothing')
  })

  test('data of a node that is dead ask for its birth', () => {
    say('NBIRTH', nodeBirth(5))
    say('NDEATH', death(5))
    expect(say('NDATA', celsius(1, 4)).news?.ask).toBeDefined()
  })

  test('a device that dies is offline alone, and its number counts', () => {
    say('NBIRTH', nodeBirth())
    say('DBIRTH', deviceBirth, { device: 'shelf-1' })
    const died = say('DDEATH', { timestamp: start, seq: 2 }, { device: 'shelf-1' })
    expect(died).toMatchObject({
      type: 'state',
      topic: { device: 'shelf-1' },
      state: { connection: 'offline' },
    })
    expect(say('NDATA', celsius(3, 4)).news).not.toHaveProperty('ask')
  })
})

describe('what is none', () => {
  test.each([
    ['words', new TextEncoder().encode('{"celsius":4}'), 'not-sparkplug'],
    ['a cut', writeSparkplug(nodeBirth()).slice(0, -3), 'not-sparkplug'],
    ['a number beyond 255', writeSparkplug({ seq: 256, metrics: [] }), 'bad-seq'],
  ])('%s are a dead letter', (_, payload, reason) => {
    expect(say('NDATA', payload)).toMatchObject({ type: 'bad', letter: { reason } })
  })

  test('a topic of no known type is a dead letter', () => {
    expect(say('XDATA', {})).toMatchObject({ letter: { reason: 'unknown-topic' } })
  })

  test('what hosts say is nothing to store', () => {
    expect(say('NCMD', { metrics: [] }).type).toBe('nothing')
  })
})
