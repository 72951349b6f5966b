import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createMemoryMessageLog } from '../../message-log/index.ts'
import { createMemoryDeviceRegistry } from '../support/memory-device-registry.ts'
import { startTestGateway } from '../support/start-test-gateway.ts'
import { until } from '../support/until.ts'

describe('a gateway that starts again, on the same log and registry', () => {
  it('still retains what devices said of themselves', async () => {
    const log = createMemoryMessageLog()
    const registry = createMemoryDeviceRegistry()
    const login = registry.addDevice('s1', 'd1')
    const operator = registry.add('anna', 'operator', { subscribe: ['v1/s1/#'] })
    const first = await startTestGateway(log, {}, {}, registry)
    const device = await first.connect(login)
    const state = { qos: 1, retain: true } as const
    await device.publishAsync('v1/s1/d1/state', '{"state":"online"}', state)
    await device.publishAsync('v1/s1/d1/state', '{"state":"sleeping"}', state)
    await device.endAsync()
    await first.stop()

    const second = await startTestGateway(log, {}, {}, registry)
    const reader = await second.connect(operator)
    const seen: string[] = []
    reader.on('message', (topic, payload, { retain }) =>
      seen.push(`${topic} ${payload.toString()} ${retain}`),
    )
    await reader.subscribeAsync('v1/s1/#', { qos: 1 })
    await until(() => seen.length > 0, 8000)
    expect(seen).toEqual(['v1/s1/d1/state {"state":"sleeping"} true'])
    await second.stop()
  })

  it('brings a command that another gateway took, until the device answers it', async () => {
    const log = createMemoryMessageLog()
    const registry = createMemoryDeviceRegistry()
    const login = registry.addDevice('s1', 'd1')
    const gateways = [
      await startTestGateway(log, {}, {}, registry),
      await startTestGateway(createMemoryMessageLog(), {}, {}, registry),
    ]
    const got: string[] = []
    for (const [index, test] of gateways.entries()) {
      const device = await test.connect(login)
      device.on('message', (_, payload) => got.push(payload.toString()))
      await device.subscribeAsync('v1/s1/d1/command', { qos: 1 })
      if (index === 0)
        registry.queueCommand({ id: 'c1', site: 's1', device: 'd1', set: { intervalMs: 5 } })
      await until(() => got.length > index, 8000)
      await device.endAsync()
    }
    expect(got).toEqual(Array(2).fill('{"id":"c1","set":{"intervalMs":5}}'))
    for (const test of gateways) await test.stop()
  })

  it('finds a command by itself that was queued where it is not told of it', async () => {
    const registry = createMemoryDeviceRegistry()
    const login = registry.addDevice('s1', 'd1')
    const deaf = { ...registry, subscribe: () => () => undefined }
    const test = await startTestGateway(createMemoryMessageLog(), {}, {}, deaf)
    const device = await test.connect(login)
    const got: string[] = []
    device.on('message', (_, payload) => got.push(payload.toString()))
    await device.subscribeAsync('v1/s1/d1/command', { qos: 1 })
    registry.queueCommand({ id: 'c1', site: 's1', device: 'd1', set: { on: true } })
    await until(() => got.length > 0, 8000)
    await sleep(2500)
    expect(got).toEqual(['{"id":"c1","set":{"on":true}}'])
    await test.stop()
  })
})

describe('a gateway whose log refuses', () => {
  it('is not ready, says why on its own topic, and says when it is over', async () => {
    const inner = createMemoryMessageLog()
    let isFull = false
    const log = {
      ...inner,
      append: (...args: Parameters<typeof inner.append>) =>
        isFull ? Promise.reject(new Error('the disk is full')) : inner.append(...args),
    }
    const test = await startTestGateway(log)
    const rules = { subscribe: ['v1/hub/gateway/state'] }
    const reader = await test.connect(test.registry.add('anna', 'operator', rules))
    const said: { state: string; problems: string[] }[] = []
    reader.on('message', (_, payload) =>
      said.push(JSON.parse(payload.toString()) as (typeof said)[number]),
    )
    await reader.subscribeAsync('v1/hub/gateway/state', { qos: 1 })
    await until(() => said.length === 1, 8000)
    expect(said[0]).toMatchObject({ state: 'online', problems: [] })

    isFull = true
    const login = test.registry.addDevice('s1', 'd1')
    const device = await test.connect(login)
    device.publish('v1/s1/d1/telemetry', '{}', { qos: 1 })
    await until(() => said.length === 2, 8000)
    expect(said[1]!.problems[0]).toContain('the disk is full')
    expect(await test.gateway.status()).toMatchObject({ ready: false })

    isFull = false
    const again = await test.connect(login)
    await again.publishAsync('v1/s1/d1/telemetry', '{}', { qos: 1 })
    await until(() => said.length === 3, 8000)
    expect(said[2]).toMatchObject({ state: 'online', problems: [] })
    expect(await test.gateway.status()).toMatchObject({ ready: true })
    await test.stop()
  })

  it('that hangs makes it unready', async () => {
    const inner = createMemoryMessageLog()
    const log = { ...inner, append: () => new Promise<never>(() => undefined) }
    const test = await startTestGateway(log)
    const device = await test.connect(test.registry.addDevice('s1', 'd1'))
    device.publish('v1/s1/d1/telemetry', '{}', { qos: 1 })
    await sleep(5500)
    const { ready, words } = await test.gateway.status()
    expect([ready, words]).toEqual([false, expect.stringContaining('has not answered')])
    await test.stop()
  })
})
