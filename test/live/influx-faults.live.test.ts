import { readdirSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hourMs, type RawMessage, type Reading } from '../../domain/index.ts'
import { startIngest, type Ingest } from '../../ingest/index.ts'
import { createMemoryMessageLog, type MessageLog } from '../../message-log/index.ts'
import { createMetrics, createRandom, silentLogger, wallClock } from '../../runtime/index.ts'
import { startInfluxdb, type InfluxdbServer } from '../../scripts/servers/influxdb.ts'
import {
  createInfluxSeriesStore,
  createMemorySeriesStore,
  createSqliteOperationsStore,
  type AppliedPositions,
  type OperationsStore,
  type SeriesStore,
} from '../../store/index.ts'
import { memoryPositions } from '../../store/series-store/influx/memory-positions.contract.ts'
import { until } from '../support/until.ts'
import { startInfluxProxy, type Fate, type InfluxProxy } from '../support/influx-proxy.ts'

const gtin = '04006381333931'
const start = Math.floor(Date.now() / hourMs) * hourMs
const text = new TextEncoder()
let server: InfluxdbServer
let proxy: InfluxProxy
let buckets = 0

beforeAll(async () => {
  server = await startInfluxdb()
  proxy = await startInfluxProxy(server.url)
})
afterAll(async () => {
  await proxy.stop()
  await server.stop()
})

function openStore(
  bucket: string,
  changes: { url?: string; positions?: AppliedPositions; trailMs?: number } = {},
): Promise<SeriesStore> {
  return createInfluxSeriesStore({
    ...{ url: server.url, org: server.org, token: server.token, bucket, timeoutMs: 1000 },
    ...{ positions: memoryPositions(), clock: wallClock, wall: wallClock },
    ...{ random: createRandom(++buckets), logger: silentLogger, ...changes },
  })
}

/** Message i of a city of probes and tills: two readings, or two sales of one product. */
function messageOf(i: number): RawMessage {
  const device = i % 3 === 0 ? `till-${i % 7}` : `probe-${i % 7}`
  const seq = i
  const at = start + Math.floor(i / 2)
  const values = i % 3 === 0 ? { sold: 1 + (i % 2) } : { celsius: i % 9, humidityPct: 50 }
  const body = { seq, boot: '1', at, values, ...(i % 3 === 0 ? { gtin } : {}) }
  return {
    topic: `v1/s${i % 2}/${device}/telemetry`,
    payload: text.encode(
      JSON.stringify(i % 6 === 0 ? [body, { ...body, seq: seq + 0.5e6 }] : body),
    ),
    ...{ receivedAt: at + 20, qos: 1, retain: false, clientId: null },
  }
}

/** Knows every device: what comes from others is in no hour. */
async function openOperations(): Promise<OperationsStore> {
  const operations = await createSqliteOperationsStore({ file: ':memory:' })
  for (const site of ['s0', 's1'])
    for (const [name, kind] of [
      ['till', 'till'],
      ['probe', 'probe'],
    ] as const)
      for (let i = 0; i < 7; i++) {
        const device = `${name}-${i}`
        const credential = {
          ...{ username: `${site}/${device}`, kind: 'device' as const, site, device },
          ...{ salt: '', hash: '', revoked: false, publish: [], subscribe: [], mappings: [] },
        }
        await operations.registerDevice({ site, device, kind }, credential, start)
      }
  return operations
}

async function append(log: MessageLog, from: number, to: number): Promise<void> {
  await log.append(Array.from({ length: to - from }, (_, i) => messageOf(from + i)))
}

function startOn(
  log: MessageLog,
  series: SeriesStore,
  operations: OperationsStore,
): Promise<Ingest> {
  return startIngest({
    ...{ log, series, operations, clock: wallClock, wall: wallClock, logger: silentLogger },
    random: createRandom(1),
    metrics: createMetrics({ withProcess: false }),
    settings: { batchMessages: 100, gatherMs: 0, profiles: '', clockAheadMinutes: 10_000 },
  })
}

const all = async (store: SeriesStore): Promise<readonly Reading[]> =>
  (await store.range({ from: 0, to: 8e15, limit: 100_000 })).readings

/** What each message says, by its identity. */
function wordsOf(readings: readonly Reading[]): string[] {
  return readings
    .map(({ site, device, channel, boot, seq, index, at, value }) =>
      [site, device, channel, boot, seq, index, at - start, value].join(' '),
    )
    .sort()
}

/** The same messages into a store that nothing happens to. */
async function cleanRun(messages: number): Promise<readonly Reading[]> {
  const [log, operations] = [createMemoryMessageLog(), await openOperations()]
  const series = createMemorySeriesStore()
  await append(log, 0, messages)
  const ingest = await startOn(log, series, operations)
  await ingest.drained()
  await ingest.stop()
  const readings = await all(series)
  await Promise.all([series.close(), operations.close(), log.close()])
  return readings
}

const messages = 1800

test('whatever the server and the line to it do, every message is stored once', async () => {
  const log = createMemoryMessageLog()
  const operations = await openOperations()
  const store = await openStore('faults', { url: proxy.url })
  const ingest = await startOn(log, store, operations)
  const random = createRandom(7)
  const fates: readonly Fate[] = ['busy', 'slow-down', 'deaf', 'cut', 'torn']
  let writes = 0
  proxy.setFate((path) => {
    if (!path.startsWith('/api/v2/write')) return random.next() < 0.9 ? 'pass' : 'busy'
    // In turn: how many writes there are depends on how fast the server is.
    return writes++ % 3 ? 'pass' : fates[((writes - 1) / 3) % fates.length]!
  })
  for (let sent = 0; sent < messages; sent += 200) {
    await append(log, sent, sent + 200)
    if (sent === 600) {
      await server.kill()
      await sleep(200)
      await server.start()
    }
    if (sent === 1400) {
      server.freeze()
      await sleep(1500)
      server.thaw()
    }
    await sleep(50)
  }
  await ingest.drained()
  proxy.setFate(() => 'pass')
  const clean = await cleanRun(messages)
  expect(wordsOf(await all(store))).toEqual(wordsOf(clean))
  const hours = await store.hourly({
    ...{ channel: 'sold', from: start, to: start + hourMs, by: 'site' },
  })
  const sold = clean.filter(({ channel }) => channel === 'sold')
  expect(hours.reduce((sum, one) => sum + one.sum[0]!, 0)).toBe(
    sold.reduce((sum, { value }) => sum + value, 0),
  )
  for (const fate of fates) expect(proxy.met().get(fate) ?? 0).toBeGreaterThan(0)
  await ingest.stop()
  await store.close()
  await operations.close()
})

/** Cuts what the server wrote last before it could have reached the disk. */
function loseEndOfWal(): number {
  const folder = join(server.folder, 'engine', 'wal')
  let lost = 0
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const file = join(folder, name)
    const { size } = statSync(file)
    if (!name.endsWith('.wal') || size === 0) continue
    truncateSync(file, Math.floor(size * 0.4))
    lost += size
  }
  return lost
}

test('a server that forgets what it acknowledged is told again, by the process that wrote it', async () => {
  const log = createMemoryMessageLog()
  const operations = await openOperations()
  const store = await openStore('forgets')
  const ingest = await startOn(log, store, operations)
  await append(log, 0, 1000)
  await ingest.drained()
  const before = wordsOf(await all(store))
  await server.kill()
  expect(loseEndOfWal()).toBeGreaterThan(0)
  await server.start()
  expect((await all(store)).length).toBeLessThan(before.length)
  await append(log, 1000, 1200)
  await ingest.drained()
  const clean = wordsOf(await cleanRun(1200))
  // The store looks every few seconds whether the server is still the one that it wrote to.
  await until(async () => (await all(store)).length >= clean.length, 10_000)
  expect(wordsOf(await all(store))).toEqual(clean)
  await ingest.stop()
  await store.close()
  await operations.close()
})

test('and by the next process, from the position that trails, where the first died too', async () => {
  const log = createMemoryMessageLog()
  const operations = await openOperations()
  const positions = memoryPositions()
  const first = await openStore('died', { positions })
  const ingest = await startOn(log, first, operations)
  await append(log, 0, 1000)
  await ingest.drained()
  await ingest.stop()
  expect(positions.saved).toEqual([])
  await server.kill()
  loseEndOfWal()
  await server.start()
  const second = await openStore('died', { positions })
  expect((await all(second)).length).toBeLessThan(wordsOf(await cleanRun(1000)).length)
  const again = await startOn(log, second, operations)
  await again.drained()
  expect(wordsOf(await all(second))).toEqual(wordsOf(await cleanRun(1000)))
  await again.stop()
  await second.close()
  await operations.close()
})

test('two processes that write the same at the same time store it once', async () => {
  const log = createMemoryMessageLog()
  await append(log, 0, 600)
  const stores = await Promise.all([openStore('two'), openStore('two')])
  const ingests = await Promise.all(
    stores.map(async (store) => startOn(log, store, await openOperations())),
  )
  await Promise.all(ingests.map((ingest) => ingest.drained()))
  const clean = await cleanRun(600)
  for (const store of stores) {
    expect(wordsOf(await all(store))).toEqual(wordsOf(clean))
    expect((await store.stats()).readings).toBe(clean.length)
  }
  for (const ingest of ingests) await ingest.stop()
  for (const store of stores) await store.close()
})

test('what the server never takes is found among the rest and rejected with its words; the rest is stored', async () => {
  const store = await openStore('mixed')
  const line = `reading,site=foreign,device=other celsius="warm" ${start}000000`
  const written = await fetch(`${server.url}/api/v2/write?org=${server.org}&bucket=mixed`, {
    method: 'POST',
    headers: { authorization: `Token ${server.token}` },
    body: line,
    signal: AbortSignal.timeout(5000),
  })
  expect(written.status).toBe(204)
  const readings = Array.from({ length: 40 }, (_, i): Reading => {
    const channel = ['units', 'grams', 'batteryPct', 'celsius'][i % 4]!
    const place = { site: 's1', device: `d${Math.floor(i / 4) % 5}`, gtin: null, quality: 'good' }
    const seq = Math.floor(i / 4)
    return {
      ...{ ...place, channel, at: start + seq, receivedAt: start + seq, value: i, seq, boot: 'b' },
      ...{ index: i % 4, quality: 'good' },
    }
  })
  const outcomes = await store.write([...readings, { ...readings[0]!, value: NaN }])
  const rejected = outcomes.flatMap((outcome, i) => (outcome.status === 'rejected' ? [i] : []))
  expect(rejected).toEqual([
    ...readings.flatMap((one, i) => (one.channel === 'celsius' ? [i] : [])),
    40,
  ])
  expect(outcomes[3]).toMatchObject({ words: expect.stringContaining('celsius') as string })
  const kept = readings.filter(({ channel }) => channel !== 'celsius')
  expect(wordsOf(await all(store))).toEqual(wordsOf(kept))
  await store.close()
})

test('a token that is refused, and a server that is not there, are said in a sentence', async () => {
  const common = {
    ...{ org: server.org, bucket: 'none', positions: memoryPositions(), clock: wallClock },
    ...{ wall: wallClock, random: createRandom(1), logger: silentLogger, timeoutMs: 1000 },
  }
  const refused = createInfluxSeriesStore({ ...common, url: server.url, token: 'wrong' })
  await expect(refused).rejects.toThrow(/series.tokenFile/)
  await expect(refused).rejects.not.toThrow(/wrong/)
  const away = createInfluxSeriesStore({ ...common, url: 'http://127.0.0.1:1', token: 't' })
  await expect(away).rejects.toMatchObject({ code: 'RT_NOT_READY' })
})
