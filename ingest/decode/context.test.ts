import { expect, test } from 'vitest'
import { hourMs } from '../../domain/index.ts'
import { createEdgeNodes } from '../sparkplug/edge-nodes.ts'
import { parseContextTopic } from './context.ts'
import { decodeMessage } from './decode-message.ts'
import { decoders } from './decoders.ts'

const receivedAt = Date.UTC(2026, 10, 22, 1)

function decode(topic: string, payload: unknown) {
  const bytes = Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload))
  return decodeMessage(
    {
      ...{ topic, payload: bytes, receivedAt, position: 7 },
      ...{ qos: 1, retain: false, clientId: 'city' },
    },
    0,
    { formats: decoders, profiles: [], nodes: createEdgeNodes() },
  )
}

test('a topic says of which site and signal, or of the whole city', () => {
  expect(parseContextTopic('v1/s1/context/event')).toEqual({ site: 's1', signal: 'event' })
  expect(parseContextTopic('v1/context/event')).toEqual({ site: null, signal: 'event' })
  for (const topic of [
    ...['v1/s1/context/moon', 'v1/s 1/context/event', 'v2/context/event', 'v1/context'],
    ...['v1/s1/context/event/more', 'v1/s1/d1/context/event', 'v1/context/context/event/x'],
  ])
    expect(parseContextTopic(topic), topic).toBeNull()
})

test('one issue or several are read, of now where they say no time', () => {
  const start = receivedAt + 2 * hourMs
  const said = { start, values: [3, 4] }
  expect(decode('v1/s1/context/weather-temperature', said)).toMatchObject({
    type: 'context',
    issues: [
      {
        ...{ signal: 'weather-temperature', site: 's1', values: [3, 4], issuedAt: receivedAt },
        ...{ startAt: start, endAt: start + 2 * hourMs, basis: 'forecast', unit: 'Cel' },
      },
    ],
  })
  const two = [
    { start, end: start + hourMs, value: 900, words: 'Concert' },
    { start, end: start + hourMs, withdraw: true },
  ]
  expect(decode('v1/context/event', two)).toMatchObject({
    issues: [{ site: null, words: 'Concert' }, { values: [] }],
  })
})

test.each([
  ['not json', 'not-json'],
  ['[]', 'empty'],
  ['[3]', 'not-an-object'],
  [{ value: 3 }, 'bad-time'],
  [{ start: receivedAt }, 'missing-values'],
  [{ start: receivedAt, value: '3' }, 'not-a-number'],
  [{ start: receivedAt, value: 3, unit: 'K' }, 'bad-unit'],
  [{ start: receivedAt, value: 3, site: 's2' }, 'bad-context'],
  [{ start: receivedAt, value: 3, product: 'a/b' }, 'bad-context'],
  [{ start: receivedAt, value: 3, issuedAt: receivedAt + hourMs }, 'bad-time'],
  [{ start: receivedAt, values: Array.from({ length: 401 }, () => 1) }, 'too-many-readings'],
  ['{"start":1,"value":1,"__proto__":{}}', 'forbidden-key'],
])('%o is a dead letter', (payload, reason) => {
  expect(decode('v1/s1/context/weather-temperature', payload)).toMatchObject({
    type: 'bad',
    letter: { reason, topic: 'v1/s1/context/weather-temperature' },
  })
})

test('a signal that nobody knows is no topic of ours', () => {
  expect(decode('v1/s1/context/moon', { start: receivedAt, value: 1 })).toMatchObject({
    letter: { reason: 'unknown-topic' },
  })
})
