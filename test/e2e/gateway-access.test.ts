import { connect as connectSocket, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMemoryMessageLog, type MessageLog } from '../../message-log/index.ts'
import { startTestGateway, type TestGateway } from '../support/start-test-gateway.ts'
import { until } from '../support/until.ts'

const closed = (socket: Socket): Promise<unknown> =>
  new Promise((resolve) => socket.once('close', resolve))

describe('the gateway', () => {
  let log: MessageLog
  let test: TestGateway
  beforeEach(async () => {
    log = createMemoryMessageLog()
    test = await startTestGateway(log)
  })
  afterEach(() => test.stop())

  const kept = async (): Promise<number> => (await log.stats()).messages

  it('leaves nothing running where its port is in use', async () => {
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    const before = timers()
    const second = startTestGateway(log, { port: test.gateway.port })
    await expect(second).rejects.toMatchObject({ code: 'RT_PORT_IN_USE' })
    expect(timers()).toBe(before)
  })

  it.each([
    ['a wrong secret', { password: 'x' }, 'wrong-secret', 4],
    ['an unknown user', { username: 's1/d9' }, 'unknown-user', 4],
    ['the client id of another', { clientId: 's1.d2' }, 'wrong-client-id', 2],
    ['a client id that is no path', { clientId: 'd1' }, 'wrong-client-id', 2],
    [
      'a Will for another',
      { options: { will: { topic: 'v1/s1/d2/state', payload: Buffer.from('x') } } },
      'will-not-allowed',
      5,
    ],
  ])('refuses a login with %s', async (_, change, reason, code) => {
    const login = test.registry.addDevice('s1', 'd1')
    test.registry.addDevice('s1', 'd2')
    await expect(test.connect({ ...login, ...change })).rejects.toMatchObject({ code })
    expect(await test.refused(reason)).toBe(1)
  })

  it('refuses a revoked device, and closes its connection at once', async () => {
    const login = test.registry.addDevice('s1', 'd1')
    const device = await test.connect(login)
    test.registry.revoke('s1', 'd1')
    await until(() => !device.connected)
    await expect(test.connect(login)).rejects.toMatchObject({ code: 5 })
  })

  it.each(['v1/s1/d2/telemetry', 'v1/s2/d1/telemetry', 'v1/s1/d1/command', '$SYS/x', 'other'])(
    'closes a device that publishes to %s and keeps nothing of it',
    async (topic) => {
      const device = await test.connect(test.registry.addDevice('s1', 'd1'))
      device.publish(topic, 'x', { qos: 1 })
      await until(() => !device.connected)
      expect(await kept()).toBe(0)
      expect(await test.refused('topic-not-allowed')).toBe(1)
    },
  )

  it('grants a device its own commands and refuses every other filter with 0x80', async () => {
    const device = await test.connect(test.registry.addDevice('s1', 'd1'))
    const filters = ['#', '$SYS/#', 'v1/s1/+/telemetry', '$share/g/v1/#', 'v1/s1/d2/command']
    const granted: number[] = []
    device.on('packetreceive', (packet) => {
      if (packet.cmd === 'suback') granted.push(...(packet.granted as number[]))
    })
    for (const filter of ['v1/s1/d1/command', ...filters])
      await device.subscribeAsync(filter, { qos: 1 }).catch(() => undefined)
    expect(granted).toEqual([1, 128, 128, 128, 128, 128])
    expect(await test.refused('filter-not-allowed')).toBe(5)
  })

  it('lets the same credential take over, and another not', async () => {
    const login = test.registry.addDevice('s1', 'd1')
    const first = await test.connect(login)
    const second = await test.connect(login)
    await until(() => !first.connected)
    expect(second.connected).toBe(true)
    const one = test.registry.add('anna', 'operator')
    const other = test.registry.add('ben', 'operator')
    await test.connect({ ...one, clientId: 'tool' })
    await expect(test.connect({ ...other, clientId: 'tool' })).rejects.toMatchObject({ code: 2 })
    await expect(test.connect({ ...other, clientId: 's1.d1' })).rejects.toMatchObject({ code: 2 })
    expect(second.connected).toBe(true)
  })

  it('shows an operator what its rules allow', async () => {
    const rules = { subscribe: ['v1/s1/+/telemetry'] }
    const operator = await test.connect(test.registry.add('anna', 'operator', rules))
    const seen: string[] = []
    operator.on('message', (topic) => seen.push(topic))
    await operator.subscribeAsync('v1/s1/+/telemetry', { qos: 1 })
    await operator.subscribeAsync('v1/#').catch(() => undefined)
    for (const site of ['s1', 's2']) {
      const device = await test.connect(test.registry.addDevice(site, 'd1'))
      await device.publishAsync(`v1/${site}/d1/telemetry`, '{}', { qos: 1 })
    }
    await until(() => seen.length > 0)
    await sleep(50)
    expect(seen).toEqual(['v1/s1/d1/telemetry'])
    expect(await kept()).toBe(2)
  })

  it('brings a device its commands when it subscribes, when they are queued, and again after a reconnect', async () => {
    const login = test.registry.addDevice('s1', 'd1')
    const queue = (id: string): void =>
      test.registry.queueCommand({ id, site: 's1', device: 'd1', set: { intervalMs: 5 } })
    queue('c1')
    const got: string[] = []
    for (const expected of [
      ['c1', 'c2'],
      ['c1', 'c2', 'c1', 'c2'],
    ]) {
      const device = await test.connect(login)
      device.on('message', (_, payload) =>
        got.push((JSON.parse(payload.toString()) as { id: string }).id),
      )
      await device.subscribeAsync('v1/s1/d1/command', { qos: 1 })
      if (expected.length === 2) queue('c2')
      await until(() => got.length >= expected.length)
      await device.endAsync()
      expect(got).toEqual(expected)
    }
    expect(test.registry.commands().map(({ status }) => status)).toEqual(['sent', 'sent'])
  })

  it('closes a socket that announces a large packet before login, at its length field', async () => {
    const sockets = Array.from({ length: 50 }, () => connectSocket(test.gateway.port, '127.0.0.1'))
    const ends = sockets.map(closed)
    for (const socket of sockets) {
      socket.on('error', () => undefined)
      socket.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]))
    }
    await Promise.all(ends)
    expect(await test.refused('oversize')).toBe(50)
    expect(test.gateway.connections()).toBe(0)
  })

  it('says which port is in use and what to do', async () => {
    await expect(startTestGateway(log, { port: test.gateway.port })).rejects.toMatchObject({
      code: 'RT_PORT_IN_USE',
      message: expect.stringContaining('--mqtt') as string,
    })
  })

  it('does not listen in the clear beyond loopback unless told to', async () => {
    await expect(startTestGateway(log, { host: '0.0.0.0' })).rejects.toMatchObject({
      code: 'RT_SETTINGS_INVALID',
    })
  })
})

it('a subscriber that reads nothing delays no other for long', async () => {
  const test = await startTestGateway(createMemoryMessageLog(), { drainTimeoutMs: 500 })
  const rules = { subscribe: ['v1/s1/#'] }
  const frozen = await test.connect({
    ...test.registry.add('frozen', 'operator', rules),
    clientId: 'frozen',
    options: { keepalive: 0 },
  })
  const healthy = await test.connect({
    ...test.registry.add('healthy', 'operator', rules),
    clientId: 'healthy',
  })
  await frozen.subscribeAsync('v1/s1/#')
  await healthy.subscribeAsync('v1/s1/#')
  frozen.stream.pause()
  let received = 0
  let lastAt = performance.now()
  let longestGapMs = 0
  healthy.on('message', () => {
    longestGapMs = Math.max(longestGapMs, performance.now() - lastAt)
    lastAt = performance.now()
    received++
  })
  const device = await test.connect(test.registry.addDevice('s1', 'd1'))
  const body = Buffer.alloc(60_000)
  let sent = 0
  for (; test.gateway.connections() === 3 && sent < 2000; sent += 10) {
    await Promise.all(
      Array.from({ length: 10 }, () => device.publishAsync('v1/s1/d1/telemetry', body, { qos: 1 })),
    )
  }
  await until(() => received === sent)
  expect(test.gateway.connections()).toBe(2)
  expect(longestGapMs).toBeLessThan(2500)
  await test.stop()
})
