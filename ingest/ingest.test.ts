import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  hourMs,
  minuteMs,
  type DeviceKind,
  type RawMessage,
  type Reading,
} from '../domain/index.ts'
import { createMemoryMessageLog, type MessageLog } from '../message-log/index.ts'
import {
  createManualClock,
  createMetrics,
  createRandom,
  silentLogger,
  wallClock,
  type ManualClock,
} from '../runtime/index.ts'
import {
  createMemorySeriesStore,
  createSqliteOperationsStore,
  type OperationsStore,
  type SeriesStore,
} from '../store/index.ts'
import { startIngest, type Ingest, type IngestDeps } from './index.ts'

const start = Date.UTC(2026, 10, 2, 8)
const gtin = '04006381333931'

let log: MessageLog
let series: SeriesStore
let operations: OperationsStore
let clock: ManualClock
let ingest: Ingest

beforeEach(async () => {
  log = createMemoryMessageLog()
  series = createMemorySeriesStore()
  operations = await createSqliteOperationsStore({ file: ':memory:' })
  clock = createManualClock(start)
  await operations.putMasterData(
    'sites',
    [{ id: 's1', name: 'One', kind: 'store', timeZone: 'Asia/Shanghai' }],
    start,
  )
  const product = { name: 'Milk', tempClass: 'chilled' as const, shortageCost: 5, overageCost: 1 }
  await operations.putMasterData('products', [{ id: 'milk', gtin, ...product }], start)
  await register('till-1', 'till')
  await register('shelf-1', 'shelf')
  await register('shelf-2', 'shelf')
  await register('probe-1', 'probe')
  const planogram = { id: 'p1', site: 's1', product: 'milk', device: 'shelf-1' }
  await operations.putMasterData('planograms', [planogram], start)
  ingest = await startIngest(deps())
})

afterEach(async () => {
  await ingest.stop()
  await series.close()
  await operations.close()
  await log.close()
})

function deps(changes: Partial<IngestDeps> = {}): IngestDeps {
  return {
    ...{ log, series, operations, clock, wall: wallClock, logger: silentLogger },
    random: createRandom(1),
    metrics: createMetrics({ withProcess: false }),
    settings: { batchMessages: 100, gatherMs: 0, profiles: '', clockAheadMinutes: 10 },
    ...changes,
  }
}

async function register(device: string, kind: DeviceKind): Promise<void> {
  const credential = {
    ...{ username: `s1/${device}`, kind: 'device' as const, site: 's1', device },
    ...{ salt: '', hash: '', revoked: false, publish: [], subscribe: [], mappings: [] },
  }
  const zone = kind === 'probe' ? ('chilled' as const) : undefined
  await operations.registerDevice({ site: 's1', device, kind, zone }, credential, start)
}

function message(
  device: string,
  body: unknown,
  receivedAt = start,
  what = 'telemetry',
): RawMessage {
  return {
    topic: `v1/s1/${device}/${what}`,
    payload: new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)),
    ...{ receivedAt, qos: 1, retain: false, clientId: `s1.${device}` },
  }
}

async function send(...messages: RawMessage[]): Promise<void> {
  await log.append(messages)
  await ingest.drained()
}

async function stored(): Promise<readonly Reading[]> {
  return (await series.range({ from: 0, to: 8e15, limit: 10_000 })).readings
}

const openAlarms = async (): Promise<string[]> =>
  (await operations.list('alarms', { limit: 100 })).items
    .filter(({ clearedAt }) => clearedAt === null)
    .map(({ kind, device }) => `${kind} ${device}`)

test('a message acknowledged becomes readings, a sighting and a stock position', async () => {
  await send(
    message('shelf-1', { seq: 1, boot: 'b', at: start - 5, values: { units: 7, batteryPct: 90 } }),
  )
  expect(await stored()).toMatchObject([
    { device: 'shelf-1', channel: 'batteryPct', value: 90, at: start - 5, quality: 'good' },
    { device: 'shelf-1', channel: 'units', value: 7, gtin: null },
  ])
  expect(await operations.get('stock', 's1.milk')).toMatchObject({ onHand: 7, source: 'shelf' })
  expect(await operations.get('devices', 's1.shelf-1')).toMatchObject({
    ...{ connection: 'online', batteryPct: 90, lastSeenAt: start },
  })
  expect(ingest.counts()).toMatchObject({ messages: 1, readings: 2 })
})

test('a shelf that only weighs has a stock position by the mass of a unit, which no hand moves', async () => {
  const planogram = { id: 'p1', site: 's1', product: 'milk', device: 'shelf-1', unitGrams: 500 }
  await operations.putMasterData('planograms', [planogram], start)
  const weighs = (seconds: number, grams: number): RawMessage =>
    message('shelf-1', { at: start + seconds * 1000, values: { grams } }, start + seconds * 1000)
  const onHand = async (): Promise<number | undefined> =>
    (await operations.get('stock', 's1.milk'))?.onHand
  await send(weighs(0, 4003), weighs(20, 3998))
  expect(await onHand()).toBeUndefined()
  await send(weighs(40, 4001), weighs(60, 4000))
  expect(await onHand()).toBe(8)
  await send(weighs(80, 9000), weighs(90, 4000), weighs(110, 3502), weighs(130, 3499))
  await send(weighs(150, 3501))
  expect(await onHand()).toBe(7)
  await send(message('shelf-1', { at: start + 200_000, values: { units: 3, grams: 9000 } }))
  expect(await onHand()).toBe(3)
})

test('a planogram changed later is used by the next message', async () => {
  await send(message('shelf-2', { values: { units: 4 } }))
  expect(await operations.get('stock', 's1.milk').catch(() => null)).toBeNull()
  const planogram = { id: 'p1', site: 's1', product: 'milk', device: 'shelf-2' }
  await operations.putMasterData('planograms', [planogram], start)
  await send(message('shelf-2', { values: { units: 5 } }, start + 1000))
  expect(await operations.get('stock', 's1.milk')).toMatchObject({ onHand: 5 })
})

test('the same message twice is one, and the same number with another payload is kept and told', async () => {
  const sale = { seq: 4, boot: 'b', at: start, gtin, values: { sold: 1 } }
  await send(message('till-1', sale), message('till-1', sale, start + 100))
  expect(await stored()).toHaveLength(1)
  expect(ingest.counts()).toMatchObject({ duplicates: 1 })
  expect(await openAlarms()).toEqual([])

  await send(message('till-1', { ...sale, values: { sold: 3 } }))
  await send(message('till-1', { ...sale, at: start + 1, values: { sold: 1 } }))
  expect((await stored()).map(({ value, quality }) => [value, quality])).toEqual([
    [1, 'sequence'],
    [3, 'sequence'],
    [1, 'sequence'],
  ])
  expect(await openAlarms()).toEqual(['device-sequence till-1'])
})

test('a clock that is not believed raises an alarm, and the right time ends it', async () => {
  await send(message('probe-1', { seq: 1, boot: 'b', at: start + hourMs, values: { celsius: 4 } }))
  expect(await stored()).toMatchObject([{ at: start, quality: 'clock' }])
  expect(await openAlarms()).toEqual(['device-clock probe-1'])
  await send(message('probe-1', { seq: 2, boot: 'b', at: start + 5, values: { celsius: 4 } }))
  expect(await openAlarms()).toEqual([])
})

test('a device nobody registered is kept apart and moves no stock', async () => {
  await send(message('till-9', { seq: 1, boot: 'b', gtin, values: { sold: 1 } }))
  expect(await stored()).toMatchObject([{ device: 'till-9', quality: 'unregistered' }])
  expect(await operations.get('devices', 's1.till-9')).toMatchObject({ status: 'unregistered' })
  expect(await operations.get('stock', 's1.milk').catch(() => null)).toBeNull()
})

test('a state is a sighting with its firmware, and a Will is one too', async () => {
  await send(message('till-1', { state: 'sleeping', firmware: '1.2.0' }, start, 'state'))
  expect(await operations.get('devices', 's1.till-1')).toMatchObject({
    ...{ connection: 'sleeping', firmware: '1.2.0' },
  })
  await send({ ...message('till-1', { state: 'offline' }, start, 'state'), clientId: null })
  expect(await operations.get('devices', 's1.till-1')).toMatchObject({ connection: 'offline' })
})

test('a chilled zone too warm for a quarter of an hour raises an alarm until it is cold again', async () => {
  const at = (minute: number, celsius: number): RawMessage =>
    message(
      'probe-1',
      { seq: minute, boot: 'b', at: start + minute * minuteMs, values: { celsius } },
      start + minute * minuteMs,
    )
  await send(at(0, 9), at(10, 9.5))
  expect(await openAlarms()).toEqual([])
  await send(at(15, 9))
  expect(await openAlarms()).toEqual(['cold-breach probe-1'])
  await send(at(16, 7.5))
  expect(await openAlarms()).toEqual(['cold-breach probe-1'])
  await send(at(17, 6.9))
  expect(await openAlarms()).toEqual([])
})

test('minutes out of stock follow from the shelf, and late readings correct them', async () => {
  const shelf = (minute: number, units: number, receivedMinute = minute): RawMessage =>
    message(
      'shelf-1',
      { seq: minute, boot: 'b', at: start + minute * minuteMs, values: { units } },
      start + receivedMinute * minuteMs,
    )
  const minutes = async (): Promise<readonly number[]> => {
    const query = { site: 's1', channel: 'outOfStockMinutes', gtin }
    const { readings } = await series.range({ ...query, from: 0, to: 8e15, limit: 100 })
    return readings.map(({ value }) => value)
  }
  await send(shelf(0, 3), shelf(20, 0), shelf(50, 4))
  expect(await minutes()).toEqual([])
  await send(shelf(61, 0))
  expect(await minutes()).toEqual([30])
  await send(shelf(190, 2))
  expect(await minutes()).toEqual([30, 59, 60])
  await send(shelf(40, 5, 191))
  expect(await minutes()).toEqual([20, 59, 60])
})

test('a restart in the middle applies what is left, once', async () => {
  const sale = (seq: number): RawMessage =>
    message('till-1', { seq, boot: 'b', gtin, values: { sold: 1 } }, start + seq)
  await operations.moveStock([
    {
      ...{ id: 'm1', site: 's1', product: 'milk', units: 50, set: true },
      ...{ reason: 'count', at: start, reference: null },
    },
  ])
  await send(sale(1), sale(2))
  await ingest.stop()
  await log.append([sale(2), sale(3)])
  ingest = await startIngest(deps())
  await ingest.drained()
  expect((await stored()).map(({ seq }) => seq)).toEqual([1, 2, 3])
  expect(await operations.get('stock', 's1.milk')).toMatchObject({ onHand: 47 })
  expect(ingest.counts()).toMatchObject({ messages: 2, duplicates: 1 })
})

test('a store that fails for a while delays readings and loses none', async () => {
  await ingest.stop()
  let failures = 3
  const faulty: SeriesStore = {
    ...series,
    write: (...args) =>
      failures-- > 0 ? Promise.reject(new Error('not now')) : series.write(...args),
  }
  ingest = await startIngest(deps({ series: faulty }))
  await send(message('probe-1', { seq: 1, boot: 'b', values: { celsius: 4 } }))
  expect(await stored()).toHaveLength(1)
})

test('stop while nothing comes is prompt, and drained then says that it was stopped', async () => {
  await ingest.stop()
  await ingest.stop()
  await log.append([message('probe-1', { values: { celsius: 4 } })])
  await expect(ingest.drained()).rejects.toMatchObject({ code: 'RT_STOPPED' })
})

test('threefold, shuffled and up to a week late ends in the rows of the clean run', async () => {
  const device = fc.constantFrom('probe-1', 'till-1')
  const messages = fc.array(fc.tuple(device, fc.nat(200), fc.nat(50)), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(messages, fc.infiniteStream(fc.nat(10_000)), async (drawn, draws) => {
      const clean = drawn.map(([device, minute, value], i) => {
        const at = start - minute * 50 * minuteMs
        const body =
          device === 'till-1'
            ? { gtin, values: { sold: value } }
            : { values: { celsius: value / 10 } }
        return message(device, { seq: i, boot: 'b', at, ...body }, start + i)
      })
      const mixed = [...clean, ...clean, ...clean]
        .map((one) => ({ one, place: draws.next().value as number }))
        .sort((a, b) => a.place - b.place)
        .map(({ one }) => one)
      expect(await rowsAfter(mixed)).toEqual(await rowsAfter(clean))
    }),
    { numRuns: 12 },
  )
})

async function rowsAfter(messages: readonly RawMessage[]): Promise<readonly Reading[]> {
  const own = { log: createMemoryMessageLog(), series: createMemorySeriesStore() }
  const one = await startIngest(
    deps({ ...own, operations: await createSqliteOperationsStore({ file: ':memory:' }) }),
  )
  if (messages.length > 0) await own.log.append(messages)
  await one.drained()
  await one.stop()
  const { readings } = await own.series.range({ from: 0, to: 8e15, limit: 1000 })
  await own.series.close()
  return readings
}
