import { expect } from 'vitest'
import type { DeadLetterReason, RawMessage } from '../../domain/index.ts'
import { createMemoryMessageLog } from '../../message-log/index.ts'
import {
  createManualClock,
  createMetrics,
  createRandom,
  silentLogger,
  wallClock,
} from '../../runtime/index.ts'
import { createMemorySeriesStore, createSqliteOperationsStore } from '../../store/index.ts'
import { replayDeadLetters, startIngest, type PayloadDecoder } from '../../ingest/index.ts'

const start = Date.UTC(2026, 10, 2, 8)

type Broken = (i: number) => string | Uint8Array

const text = new TextEncoder()
const bytes = (payload: string | Uint8Array): Uint8Array =>
  typeof payload === 'string' ? text.encode(payload) : payload
const join = (...parts: (string | readonly number[])[]): Uint8Array =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))),
  )
const values = (i: number): string => `"values":{"units":${i}}`

/** Every class of broken payload that the design names, each different by i. */
const classes: readonly (readonly [DeadLetterReason, Broken])[] = [
  ['empty', () => ''],
  ['empty', () => '[]'],
  ['not-utf8', (i) => join(`{"boot":"`, [0xc3, 0x28, 0x80 + (i % 64)], `",${values(i)}}`)],
  ['byte-order-mark', (i) => join([0xef, 0xbb, 0xbf], `{${values(i)}}`)],
  ['not-json', (i) => `{${values(i)}`],
  ['not-json', (i) => `{"seq":${i},values:{"units":1}}`],
  ['duplicate-key', (i) => `{"seq":${i},"seq":${i + 1},${values(i)}}`],
  ['too-deep', (i) => `{${values(i)},"x":${'['.repeat(100)}${']'.repeat(100)}}`],
  ['forbidden-key', (i) => `{${values(i)},"__proto__":{"polluted":${i}}}`],
  ['forbidden-key', (i) => `{${values(i)},"constructor":{"prototype":{"polluted":${i}}}}`],
  ['not-a-number', (i) => `{"seq":${i},"values":{"units":NaN}}`],
  ['not-a-number', (i) => `{"seq":${i},"values":{"units":1e309}}`],
  ['not-a-number', (i) => `{"seq":${i},"values":{"units":"${i}"}}`],
  ['missing-values', (i) => `{"seq":${i}}`],
  ['bad-seq', (i) => `{"seq":-${i + 1},${values(i)}}`],
  ['bad-boot', (i) => `{"boot":[${i}],${values(i)}}`],
  ['bad-time', (i) => `{"at":"${i} o'clock",${values(i)}}`],
  ['bad-gtin', (i) => `{"gtin":"${400638133 + i}","values":{"sold":1}}`],
  ['bad-kind', (i) => `{"kind":"toaster-${i}",${values(i)}}`],
  ['bad-channel', (i) => `{"values":{"units ${i}":1}}`],
  ['not-an-object', (i) => `[${i}]`],
  ['too-many-readings', (i) => `[${`{${values(i)}},`.repeat(1000)}{${values(i)}}]`],
  ['unknown-topic', (i) => `{${values(i)}}`],
  ['bad-state', (i) => `{"state":"asleep ${i}"}`],
  ['bad-result', (i) => `{"id":${i},"ok":true}`],
]

const topics: Readonly<Partial<Record<DeadLetterReason, string>>> = {
  'unknown-topic': 'v1/s1/shelf-1/telemetrie',
  'bad-state': 'v1/s1/shelf-1/state',
  'bad-result': 'v1/s1/shelf-1/command/result',
}

function toMessage(payload: Uint8Array, topic = 'v1/s1/shelf-1/telemetry'): RawMessage {
  return { topic, payload, receivedAt: start, qos: 1, retain: false, clientId: 's1.shelf-1' }
}

/** A format that takes what the plain one refuses for a number as text: the decoder, mended. */
const mended: PayloadDecoder = {
  name: 'numbers-as-text',
  accepts: (payload) => /"units":"\d+"/.test(Buffer.from(payload).toString()),
  decode(payload) {
    const { seq, values } = JSON.parse(Buffer.from(payload).toString()) as {
      seq: number
      values: { units: string }
    }
    const units = Number(values.units)
    return [
      {
        seq,
        boot: 'mended',
        at: start - 1000 + seq,
        gtin: null,
        channels: ['units'],
        values: [units],
      },
    ]
  },
}

/** `ofEach` payloads of every class between good ones: good ones stored, bad ones kept with reason and bytes, mended ones stored once, and no prototype touched. */
export async function checkBrokenPayloads(ofEach: number): Promise<void> {
  const count = ofEach * classes.length
  const prototype = Reflect.ownKeys(Object.prototype)
  const log = createMemoryMessageLog()
  const series = createMemorySeriesStore()
  const operations = await createSqliteOperationsStore({ file: ':memory:' })
  const clock = createManualClock(start)
  const settings = { batchMessages: 300, gatherMs: 0, profiles: '', clockAheadMinutes: 10 }
  const deps = { log, series, operations, clock, wall: wallClock, settings }
  const ingest = await startIngest({
    ...deps,
    ...{ random: createRandom(1), logger: silentLogger },
    metrics: createMetrics({ withProcess: false }),
  })

  const broken = classes.flatMap(([reason, make]) =>
    Array.from({ length: ofEach }, (_, i) => ({ reason, payload: bytes(make(i)) })),
  )
  expect(broken).toHaveLength(count)
  const good = broken.map((_, i) =>
    toMessage(bytes(JSON.stringify({ seq: i, boot: 'good', at: start + i, values: { units: i } }))),
  )
  const sent = broken.flatMap(({ reason, payload }, i) => [
    good[i]!,
    toMessage(payload, topics[reason]),
  ])
  for (let i = 0; i < sent.length; i += 500) await log.append(sent.slice(i, i + 500))
  await ingest.drained()

  const all = { from: 0, to: 8e15, limit: 1_000_000 }
  const { readings } = await series.range(all)
  expect(readings.map(({ value }) => value)).toEqual(good.map((_, i) => i))

  const letters = []
  let cursor: string | undefined
  do {
    const page = await operations.list('dead-letters', { limit: 300, cursor })
    letters.push(...page.items)
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
  letters.sort((a, b) => Number(a.id.split('.')[1]) - Number(b.id.split('.')[1]))
  expect(letters.map(({ reason }) => reason)).toEqual(broken.map(({ reason }) => reason))
  for (const [i, { payload }] of broken.entries()) {
    expect(Buffer.compare(letters[i]!.payload, payload)).toBe(0)
  }
  expect(Reflect.ownKeys(Object.prototype)).toEqual(prototype)

  const replay = { ...deps, formats: [mended] }
  expect(await replayDeadLetters(replay)).toEqual({ replayed: ofEach, stillBad: count - ofEach })
  expect(await replayDeadLetters({ ...replay, reason: 'not-a-number' })).toMatchObject({
    replayed: 0,
  })
  const after = (await series.range(all)).readings
  expect(after).toHaveLength(count + ofEach)
  expect(after.filter(({ boot }) => boot === 'mended')).toHaveLength(ofEach)

  await ingest.stop()
  await series.close()
  await operations.close()
  await log.close()
}
