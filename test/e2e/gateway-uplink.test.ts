import { randomBytes } from 'node:crypto'
import type { MqttClient } from 'mqtt'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LoggedMessage, RawMessage } from '../../domain/index.ts'
import { writeUplinkPacket } from '../../gateway/uplink/uplink-packet.ts'
import { packMessages, sealBatch } from '../../message-log/batch.ts'
import { createMemoryMessageLog, recordsOf, type MessageLog } from '../../message-log/index.ts'
import { cityNow, startTestGateway, type TestGateway } from '../support/start-test-gateway.ts'
import { until } from '../support/until.ts'

const firstLog = randomBytes(16).toString('hex')
const message = (changes: Partial<RawMessage> = {}): RawMessage => ({
  topic: 'v1/s1/d1/telemetry',
  payload: Buffer.from('{"values":{"units":1}}'),
  receivedAt: cityNow - 1000,
  qos: 1,
  retain: false,
  clientId: 's1.d1',
  ...changes,
})
const pack = (messages: readonly RawMessage[], first = 1, isBacklog = false): Buffer =>
  writeUplinkPacket({
    records: recordsOf(sealBatch(packMessages(messages), first))!,
    log: firstLog,
    isBacklog,
    sentAt: cityNow,
  })

describe('a hub', () => {
  let log: MessageLog
  let hub: TestGateway
  let edge: MqttClient
  beforeEach(async () => {
    log = createMemoryMessageLog()
    hub = await startTestGateway(log)
    const rules = { site: 's1', device: 'edge-1', subscribe: ['v1/s1/+/command'] }
    const login = hub.registry.add('s1/edge-1', 'bridge', rules)
    edge = await hub.connect({ ...login, clientId: 's1.edge-1' })
  })
  afterEach(() => hub.stop())

  const uplink = (payload: Buffer): Promise<unknown> =>
    edge.publishAsync('v1/s1/edge-1/uplink', payload, { qos: 1 })
  const kept = async (): Promise<LoggedMessage[]> => {
    const { messages } = await log.stats()
    const all = Array.from({ length: messages }, (_, i) => log.read(0, i + 1))
    return (await Promise.all(all)).filter((one) => one !== null)
  }

  it('has every message of a batch in its log when it acknowledges it', async () => {
    await uplink(pack([message(), message({ topic: 'v1/s1/d2/telemetry' })], 41))
    expect(await kept()).toMatchObject([
      {
        topic: 'v1/s1/d1/telemetry',
        clientId: 's1.d1',
        firstPlace: { log: firstLog, position: 41 },
      },
      { topic: 'v1/s1/d2/telemetry', firstPlace: { log: firstLog, position: 42 } },
    ])
  })

  it('takes the longest message that a gateway takes from a device', async () => {
    const topic = `v1/s1/${'d'.repeat(64)}/command/result`
    const payload = Buffer.alloc(65_536 - 2 - topic.length - 2, 'x')
    await uplink(pack([message({ topic, payload, clientId: 'c'.repeat(256) })]))
    expect((await kept())[0]?.payload.length).toBe(payload.length)
  })

  it('gives live messages to whoever listens, of the backlog what is still the state, and the batch to nobody', async () => {
    const rules = { subscribe: ['v1/s1/#'] }
    const watcher = await hub.connect(hub.registry.add('watcher', 'operator', rules))
    const heard: string[] = []
    watcher.on('message', (topic, payload) => heard.push(`${topic} ${payload.toString()}`))
    await watcher.subscribeAsync('v1/s1/#', { qos: 1 })
    const state = (text: string, receivedAt: number) =>
      message({ topic: 'v1/s1/d1/state', payload: Buffer.from(text), retain: true, receivedAt })
    await uplink(pack([message({ payload: Buffer.from('live') }), state('new', cityNow - 500)]))
    const late = [message({ payload: Buffer.from('late') }), state('old', cityNow - 900)]
    await uplink(pack(late, 3, true))
    await uplink(pack([state('newest', cityNow - 100)], 5, true))
    await until(() => heard.length === 3)
    expect(heard).toEqual([
      'v1/s1/d1/telemetry live',
      'v1/s1/d1/state new',
      'v1/s1/d1/state newest',
    ])
    // What is the state now is no news of the past.
    expect((await kept()).map(({ isBacklog }) => isBacklog ?? false)).toEqual([
      ...[false, false, true, true, false],
    ])
  })

  it('brings an edge gateway the commands of its site, with what is left of their time, but those of devices of its own', async () => {
    hub.registry.queueCommand({ id: 'c1', site: 's1', device: 'd1', set: { a: 1 } })
    hub.registry.queueCommand({ id: 'c2', site: 's2', device: 'd1', set: {} })
    const direct = await hub.connect(hub.registry.addDevice('s1', 'd9'))
    const [atEdge, atDevice]: [unknown[], unknown[]] = [[], []]
    const note = (list: unknown[]) => (topic: string, payload: Buffer) =>
      list.push([topic, JSON.parse(payload.toString())])
    edge.on('message', note(atEdge))
    direct.on('message', note(atDevice))
    await direct.subscribeAsync('v1/s1/d9/command', { qos: 1 })
    await edge.subscribeAsync('v1/s1/+/command', { qos: 1 })
    hub.registry.queueCommand({ id: 'c3', site: 's1', device: 'd9', set: {} })
    hub.registry.queueCommand({ id: 'c4', site: 's1', device: 'd2', set: {} })
    await until(() => atEdge.length + atDevice.length === 3)
    const expiresInMs = 1e15 - cityNow
    expect(atEdge).toEqual([
      ['v1/s1/d1/command', { id: 'c1', set: { a: 1 }, expiresInMs }],
      ['v1/s1/d2/command', { id: 'c4', set: {}, expiresInMs }],
    ])
    expect(atDevice).toEqual([['v1/s1/d9/command', { id: 'c3', set: {} }]])
  })
})
