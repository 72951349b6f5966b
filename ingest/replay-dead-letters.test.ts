import { afterEach, beforeEach, expect, test } from 'vitest'
import { dayMs, hourMs, type RawMessage } from '../domain/index.ts'
import { createMemoryMessageLog, type MessageLog } from '../message-log/index.ts'
import {
  createManualClock,
  createMetrics,
  createRandom,
  silentLogger,
  wallClock,
} from '../runtime/index.ts'
import {
  createMemorySeriesStore,
  createSqliteOperationsStore,
  type OperationsStore,
  type SeriesStore,
} from '../store/index.ts'
import { plainJson } from './decode/plain-json.ts'
import { replayDeadLetters, startIngest, type Ingest, type PayloadDecoder } from './index.ts'

const start = Date.UTC(2026, 10, 2, 8)
const gtin = '04006381333931'
const settings = { batchMessages: 100, gatherMs: 0, profiles: '', clockAheadMinutes: 10 }

let log: MessageLog
let series: SeriesStore
let operations: OperationsStore
let ingest: Ingest
/** Whether the decoder knows the firmware that puts a `#` before its JSON. */
let isMended: boolean

const formats: readonly PayloadDecoder[] = [
  {
    name: 'hash-json',
    accepts: ([first]) => isMended && first === 0x23,
    decode: (payload, receivedAt) => plainJson.decode(payload.subarray(1), receivedAt),
  },
  plainJson,
]

beforeEach(async () => {
  isMended = false
  log = createMemoryMessageLog()
  series = createMemorySeriesStore()
  operations = await createSqliteOperationsStore({ file: ':memory:' })
  const place = { name: 'One', kind: 'store' as const, timeZone: 'Asia/Shanghai' }
  await operations.putMasterData('sites', [{ id: 's1', ...place }], start)
  const product = { name: 'Milk', tempClass: 'chilled' as const, shortageCost: 5, overageCost: 1 }
  await operations.putMasterData('products', [{ id: 'milk', gtin, ...product }], start)
  for (const [device, kind] of [
    ['till-1', 'till'],
    ['shelf-1', 'shelf'],
  ] as const)
    await operations.registerDevice(
      { site: 's1', device, kind },
      {
        ...{ username: `s1/${device}`, kind: 'device', site: 's1', device, salt: '', hash: '' },
        ...{ revoked: false, publish: [], subscribe: [], mappings: [] },
      },
      start,
    )
  ingest = await startIngest({
    ...{ log, series, operations, wall: wallClock, logger: silentLogger, settings, formats },
    clock: createManualClock(start),
    random: createRandom(1),
    metrics: createMetrics({ withProcess: false }),
  })
})

afterEach(async () => {
  await ingest.stop()
  await series.close()
  await operations.close()
  await log.close()
})

function message(device: string, text: string, receivedAt = start): RawMessage {
  return {
    topic: `v1/s1/${device}/telemetry`,
    payload: new TextEncoder().encode(text),
    ...{ receivedAt, qos: 1, retain: false, clientId: `s1.${device}` },
  }
}

const sold = (seq: number): string =>
  `#{"seq":${seq},"boot":"b","at":${start},"gtin":"${gtin}","values":{"sold":2}}`

async function send(...messages: RawMessage[]): Promise<void> {
  await log.append(messages)
  await ingest.drained()
}

const onHand = async (): Promise<number | undefined> =>
  (await operations.get('stock', 's1.milk'))?.onHand

async function openMilk(units: number): Promise<void> {
  await operations.moveStock([
    {
      ...{ id: 'opening', site: 's1', product: 'milk', units, set: true },
      ...{ reason: 'opening', at: start - dayMs, reference: null },
    },
  ])
}

test('a sale that can be read now takes its units from stock, once, however often it is replayed', async () => {
  await openMilk(10)
  await send(message('till-1', sold(1)), message('till-1', sold(2)))
  expect(await onHand()).toBe(10)
  expect(await ingest.replayDeadLetters()).toEqual({ replayed: 0, stillBad: 2 })
  isMended = true
  expect(await ingest.replayDeadLetters()).toEqual({ replayed: 2, stillBad: 0 })
  expect(await onHand()).toBe(6)
  expect(await ingest.replayDeadLetters()).toEqual({ replayed: 0, stillBad: 0 })
  expect(await onHand()).toBe(6)
})

test('without a running loop it is the same', async () => {
  await openMilk(10)
  await send(message('till-1', sold(1)))
  isMended = true
  const deps = { series, operations, clock: createManualClock(start), wall: wallClock }
  expect(await replayDeadLetters({ ...deps, settings, formats })).toMatchObject({ replayed: 1 })
  expect(await onHand()).toBe(8)
})

test('two replays at the same time say once what a letter says', async () => {
  await openMilk(100)
  await send(...Array.from({ length: 20 }, (_, i) => message('till-1', sold(i))))
  isMended = true
  await Promise.all([ingest.replayDeadLetters(), ingest.replayDeadLetters()])
  expect(await onHand()).toBe(60)
})

test('an old message says nothing of what a shelf or a device is now', async () => {
  const planogram = { id: 'p1', site: 's1', product: 'milk', device: 'shelf-1' }
  await operations.putMasterData('planograms', [planogram], start)
  const offline = { ...message('shelf-1', '{"state":"offline"}'), topic: 'v1/s1/shelf-1/state' }
  await send(
    message('shelf-1', `#{"at":${start - hourMs},"values":{"units":3}}`, start - hourMs),
    message('shelf-1', `{"at":${start},"values":{"units":7}}`),
    offline,
  )
  isMended = true
  expect(await ingest.replayDeadLetters()).toMatchObject({ replayed: 1 })
  expect(await onHand()).toBe(7)
  expect(await operations.get('devices', 's1.shelf-1')).toMatchObject({ connection: 'offline' })
  const { readings } = await series.range({ from: 0, to: 8e15, limit: 10, channel: 'units' })
  expect(readings.map(({ value }) => value)).toEqual([3, 7])
})

test('a letter that still cannot be read stays with its bytes, and says why by the decoder of now', async () => {
  const text = '#{"values":{"units":"three"}}'
  await send(message('shelf-1', text))
  isMended = true
  expect(await ingest.replayDeadLetters('not-json')).toEqual({ replayed: 0, stillBad: 1 })
  const [letter] = (await operations.list('dead-letters', { limit: 1 })).items
  expect(letter).toMatchObject({
    reason: 'not-a-number',
    payload: new TextEncoder().encode(text),
    replayedAt: null,
  })
})
