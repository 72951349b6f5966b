import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hashPassword } from '../../domain/index.ts'
import { createMemoryMessageLog, type MessageLog } from '../../message-log/index.ts'
import { startTestGateway, type TestGateway } from '../support/start-test-gateway.ts'
import { until } from '../support/until.ts'

describe('credentials', () => {
  let log: MessageLog
  let test: TestGateway
  beforeEach(async () => {
    log = createMemoryMessageLog()
    test = await startTestGateway(log, { joinPerSecond: 1, joinDevices: 2 })
  })
  afterEach(() => test.stop())

  const kept = async () => {
    const messages: { topic: string; path: unknown }[] = []
    const { messages: count } = await log.stats()
    const options = { signal: AbortSignal.timeout(5000) }
    if (count === 0) return messages
    for await (const batch of log.consume('test', options)) {
      messages.push(...batch.messages.map(({ topic, path }) => ({ topic, path })))
      if (messages.length >= count) break
    }
    return messages
  }

  describe('of a bridge', () => {
    const rules = {
      site: 's1',
      publish: ['zigbee2mqtt/bridge/#'],
      mappings: [{ pattern: 'zigbee2mqtt/+', site: 's1', device: '{1}' }],
    }

    it('speak for the devices that their mappings name', async () => {
      const bridge = await test.connect(test.registry.add('zigbee', 'bridge', rules))
      for (const topic of ['zigbee2mqtt/lamp-1', 'zigbee2mqtt/bridge/state'])
        await bridge.publishAsync(topic, '{}', { qos: 1 })
      expect(await kept()).toEqual([
        { topic: 'zigbee2mqtt/lamp-1', path: { site: 's1', device: 'lamp-1' } },
        { topic: 'zigbee2mqtt/bridge/state', path: undefined },
      ])
    })

    it.each([
      ['topic-not-allowed', 'v1/s1/lamp-1/telemetry'],
      ['topic-not-allowed', 'zigbee2mqtt/lamp-1/set'],
      ['mapping-bad-name', 'zigbee2mqtt/冰箱'],
    ])('close with %s at %s', async (reason, topic) => {
      const bridge = await test.connect(test.registry.add('zigbee', 'bridge', rules))
      bridge.publish(topic, '{}', { qos: 1 })
      await until(() => !bridge.connected)
      expect((await log.stats()).messages).toBe(0)
      expect(await test.refused(reason)).toBe(1)
    })

    it('leave a Will for one of their devices and for no other', async () => {
      const login = test.registry.add('zigbee', 'bridge', rules)
      const will = (topic: string) => ({ will: { topic, payload: Buffer.from('{}') } })
      await expect(test.connect({ ...login, options: will('other/lamp-1') })).rejects.toMatchObject(
        { code: 5 },
      )
      const bridge = await test.connect({ ...login, options: will('zigbee2mqtt/lamp-1') })
      bridge.stream.destroy()
      for (let tries = 0; tries < 500 && (await log.stats()).messages === 0; tries++) await sleep(5)
      expect(await kept()).toEqual([
        { topic: 'zigbee2mqtt/lamp-1', path: { site: 's1', device: 'lamp-1' } },
      ])
    })
  })

  describe('to join', () => {
    it('let a new device of the site speak under its own path only', async () => {
      const join = test.registry.add('s1-join', 'join', { site: 's1' })
      const device = await test.connect({ ...join, clientId: 's1.new' })
      await device.publishAsync('v1/s1/new/telemetry', '{}', { qos: 1 })
      device.publish('v1/s1/other/telemetry', '{}', { qos: 1 })
      await until(() => !device.connected)
      expect(await kept()).toEqual([{ topic: 'v1/s1/new/telemetry', path: undefined }])
    })

    it('are limited in devices and in pace', async () => {
      const join = test.registry.add('s1-join', 'join', { site: 's1' })
      const [first] = await Promise.all(
        ['a', 'b'].map((name) => test.connect({ ...join, clientId: `s1.${name}` })),
      )
      await expect(test.connect({ ...join, clientId: 's1.c' })).rejects.toMatchObject({ code: 5 })
      expect(await test.refused('too-many-unregistered')).toBe(1)
      for (let count = 0; count < 10; count++) first!.publish('v1/s1/a/telemetry', '{}', { qos: 1 })
      await until(() => !first!.connected)
      expect(await test.refused('join-rate')).toBeGreaterThan(0)
      await expect(test.connect({ ...join, clientId: 's1.b' })).rejects.toMatchObject({ code: 3 })
    })

    it('end for a device at its adoption', async () => {
      const join = test.registry.add('s1-join', 'join', { site: 's1' })
      const device = await test.connect({ ...join, clientId: 's1.new' })
      const own = test.registry.addDevice('s1', 'new')
      test.registry.change(own.username, {})
      await until(() => !device.connected)
      await expect(test.connect({ ...join, clientId: 's1.new' })).rejects.toMatchObject({ code: 2 })
      expect((await test.connect(own)).connected).toBe(true)
    })
  })

  describe('that change', () => {
    it('keep a session open over a new secret, which the next login needs', async () => {
      for (const login of [
        test.registry.addDevice('s1', 'd1'),
        { ...test.registry.add('anna', 'operator'), clientId: 'tool' },
      ]) {
        const client = await test.connect(login)
        const password = test.registry.rotate(login.username)
        await sleep(20)
        expect(client.connected).toBe(true)
        await expect(test.connect(login)).rejects.toMatchObject({ code: 4 })
        await test.connect({ ...login, password })
      }
    })

    it('close a session at once where they are revoked', async () => {
      const clients = [
        await test.connect({ ...test.registry.add('anna', 'operator'), clientId: 'tool' }),
        await test.connect({ ...test.registry.add('zigbee', 'bridge'), clientId: 'z2m' }),
      ]
      for (const username of ['anna', 'zigbee']) test.registry.change(username, { revoked: true })
      await until(() => clients.every((client) => !client.connected))
      expect(await test.refused('revoked')).toBe(2)
    })

    it('hold from the next message, subscription and delivery of an open session', async () => {
      const rules = { publish: ['v1/s1/+/telemetry'], subscribe: ['v1/+/d1/#'] }
      const login = test.registry.add('anna', 'operator', rules)
      const client = await test.connect({ ...login, clientId: 'tool' })
      const seen: string[] = []
      client.on('message', (topic) => seen.push(topic))
      await client.subscribeAsync('v1/+/d1/#', { qos: 1 })
      const publish = (site: string) =>
        client.publishAsync(`v1/${site}/d1/telemetry`, '{}', { qos: 1 })
      await publish('s1')
      await until(() => seen.length === 1)
      test.registry.change('anna', {
        publish: ['v1/+/d1/telemetry'],
        subscribe: ['v1/s2/#'],
      })
      await sleep(20)
      await publish('s1')
      await publish('s2')
      await until(() => seen.length === 2)
      expect(seen).toEqual(['v1/s1/d1/telemetry', 'v1/s2/d1/telemetry'])
      await expect(client.subscribeAsync('v1/+/d1/#')).rejects.toThrow()
      expect(client.connected).toBe(true)
      test.registry.change('anna', { publish: [] })
      await sleep(20)
      client.publish('v1/s1/d1/telemetry', '{}', { qos: 1 })
      await until(() => !client.connected)
    })
  })

  it('take a password that a person chose, and no other', async () => {
    const login = test.registry.add('anna', 'operator')
    test.registry.change('anna', await hashPassword('correct horse battery'))
    const client = await test.connect({ ...login, password: 'correct horse battery' })
    expect(client.connected).toBe(true)
    await expect(test.connect({ ...login, password: 'wrong' })).rejects.toMatchObject({ code: 4 })
  })
})
