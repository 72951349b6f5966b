import { setTimeout as sleep } from 'node:timers/promises'
import { connectAsync, type MqttClient } from 'mqtt'
import Value from 'typebox/value'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Settings } from '../../config/index.ts'
import { createSecret } from '../../domain/index.ts'
import { startGateway, type Gateway } from '../../gateway/index.ts'
import { startIngest, type Ingest } from '../../ingest/index.ts'
import { readSparkplug, writeSparkplug } from '../../ingest/sparkplug/payload.ts'
import { createMemoryMessageLog, type MessageLog } from '../../message-log/index.ts'
import {
  createManualClock,
  createMetrics,
  createRandom,
  silentLogger,
  wallClock,
} from '../../runtime/index.ts'
import {
  createDeviceRegistry,
  createMemorySeriesStore,
  createSqliteOperationsStore,
  type OperationsStore,
  type SeriesStore,
} from '../../store/index.ts'
import { until } from '../support/until.ts'

const now = Date.UTC(2026, 10, 2, 8)
const settings = Value.Create(Settings)

describe('a Sparkplug edge node', () => {
  let log: MessageLog
  let series: SeriesStore
  let operations: OperationsStore
  let gateway: Gateway
  let ingest: Ingest
  let password: string
  const clock = createManualClock(now)
  const clients: MqttClient[] = []

  beforeEach(async () => {
    log = createMemoryMessageLog()
    series = createMemorySeriesStore()
    operations = await createSqliteOperationsStore({ file: ':memory:' })
    const { secret, salt, hash } = createSecret()
    password = secret
    const site = { id: 's1', name: 'One', kind: 'store' as const, timeZone: 'Asia/Shanghai' }
    await operations.putMasterData('sites', [site], now)
    await operations.putCredential(
      {
        ...{ username: 'plant', kind: 'bridge', site: 's1', device: null, revoked: false },
        ...{ salt, hash },
        publish: [],
        subscribe: ['spBv1.0/g/NCMD/n1', 'spBv1.0/g/DCMD/n1/+'],
        mappings: [
          { pattern: 'spBv1.0/g/+/n1', site: 's1', device: 'n1' },
          { pattern: 'spBv1.0/g/+/n1/+', site: 's1', device: '{2}' },
        ],
      },
      now,
    )
    gateway = await startGateway({
      settings: { ...settings.mqtt, port: 0 },
      identity: settings.gateway,
      messageLogSettings: settings.messageLog,
      registry: createDeviceRegistry(operations),
      ...{ log, clock, wall: wallClock, logger: silentLogger },
      metrics: createMetrics({ withProcess: false }),
    })
    ingest = await start()
  })

  afterEach(async () => {
    for (const client of clients.splice(0)) await client.endAsync(true)
    await ingest.stop()
    await gateway.stop()
    await series.close()
    await operations.close()
    await log.close()
  })

  const start = (): Promise<Ingest> =>
    startIngest({
      ...{ log, series, operations, clock, wall: wallClock, logger: silentLogger },
      random: createRandom(1),
      metrics: createMetrics({ withProcess: false }),
      settings: settings.ingest,
    })

  const connect = async (onMessage?: (topic: string) => void): Promise<MqttClient> => {
    const metrics = [{ name: 'bdSeq', datatype: 8, longValue: 4 }]
    const client = await connectAsync(`mqtt://127.0.0.1:${gateway.port}`, {
      ...{ username: 'plant', password, clientId: 'plant-n1', reconnectPeriod: 0 },
      will: {
        topic: 'spBv1.0/g/NDEATH/n1',
        payload: Buffer.from(writeSparkplug({ timestamp: now, metrics })),
        qos: 1,
      },
    })
    clients.push(client)
    if (onMessage) client.on('message', onMessage)
    await client.subscribeAsync('spBv1.0/g/NCMD/n1')
    return client
  }

  const say = async (client: MqttClient, topic: string, payload: object): Promise<void> => {
    await client.publishAsync(`spBv1.0/g/${topic}`, Buffer.from(writeSparkplug(payload)), {
      qos: 1,
    })
    await ingest.drained()
  }
  const birth = {
    ...{ timestamp: now, seq: 0 },
    metrics: [
      { name: 'bdSeq', datatype: 8, longValue: 4 },
      { name: 'celsius', alias: 1, datatype: 9, floatValue: 4.5 },
    ],
  }
  const data = (seq: number, celsius: number): object => ({
    ...{ timestamp: now + seq, seq },
    metrics: [{ alias: 1, floatValue: celsius }],
  })
  const values = async (): Promise<readonly number[]> =>
    (await series.range({ from: 0, to: 8e15, limit: 100 })).readings.map(({ value }) => value)

  it('is asked for its births after a gap, and the birth is the answer', async () => {
    const client = await connect()
    const heard: { topic: string; payload: Uint8Array }[] = []
    client.on('message', (topic, payload) => heard.push({ topic, payload }))
    await say(client, 'NBIRTH/n1', birth)
    await say(client, 'NDATA/n1', data(1, 5))
    await sleep(50)
    expect(heard).toEqual([])
    await say(client, 'NDATA/n1', data(3, 6))
    await until(() => heard.length === 1)
    expect(heard[0]!.topic).toBe('spBv1.0/g/NCMD/n1')
    expect(readSparkplug(heard[0]!.payload).metrics).toMatchObject([
      { name: 'Node Control/Rebirth', booleanValue: true },
    ])
    expect(await operations.devicesWithCommands(now)).toHaveLength(1)
    await say(client, 'NBIRTH/n1', { ...birth, timestamp: now + 10 })
    expect(await operations.devicesWithCommands(now)).toEqual([])
    expect(await values()).toEqual([4.5, 5, 6, 4.5])
  })

  it('that nobody has heard being born is asked, wherever it connects, and its letters are read then', async () => {
    const client = await connect()
    await say(client, 'NDATA/n1', data(7, 5))
    const letters = await operations.list('dead-letters', { limit: 10 })
    expect(letters.items.map(({ reason }) => reason)).toEqual(['no-birth'])
    await client.endAsync()
    const heard: string[] = []
    const again = await connect((topic) => heard.push(topic))
    await until(() => heard.length === 1)
    await say(again, 'NBIRTH/n1', birth)
    expect(await values()).toEqual([4.5])
  })

  it('goes offline with its Will, and its names outlive a restart of ingest', async () => {
    const client = await connect()
    await say(client, 'NBIRTH/n1', birth)
    await say(client, 'DBIRTH/n1/shelf-1', {
      ...{ timestamp: now, seq: 1 },
      metrics: [{ name: 'units', alias: 9, datatype: 3, intValue: 8 }],
    })
    await ingest.stop()
    ingest = await start()
    await say(client, 'DDATA/n1/shelf-1', {
      ...{ timestamp: now + 5, seq: 2 },
      metrics: [{ alias: 9, intValue: 7 }],
    })
    expect(await values()).toEqual([4.5, 8, 7])
    const connections = async (): Promise<readonly string[]> =>
      (await operations.list('devices', { limit: 10 })).items.map(({ connection }) => connection)
    expect(await connections()).toEqual(['online', 'online'])
    client.stream.destroy()
    await until(async () => (await connections()).every((one) => one === 'offline'))
  })
})
