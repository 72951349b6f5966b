import { setTimeout as sleep } from 'node:timers/promises'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  runLarder,
  startLarder,
  temporaryFolder,
  type LarderProcess,
} from '../support/larder-process.ts'

interface Login {
  readonly username: string
  readonly password: string
  readonly clientId?: string
}

const folder = temporaryFolder('credentials')
let larder: LarderProcess
const clients: MqttClient[] = []
beforeAll(async () => {
  larder = await startLarder(folder.path)
})
afterAll(async () => {
  for (const client of clients) await client.endAsync(true)
  await larder.kill()
  folder.remove()
})

const run = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await runLarder([...args, '--json', '--data', folder.path])
  expect(code, stderr).toBe(0)
  return stdout
}
const make = async (...args: string[]): Promise<Login> =>
  JSON.parse(await run('credentials', 'add', ...args)) as Login

const connect = async (login: Login, clientId = login.clientId): Promise<MqttClient> => {
  const { username, password } = login
  const client = await connectAsync(`mqtt://127.0.0.1:${larder.mqttPort}`, {
    ...{ username, password, reconnectPeriod: 0 },
    ...(clientId === undefined ? {} : { clientId }),
  })
  client.on('error', () => undefined)
  clients.push(client)
  return client
}

const until = async (isTrue: () => boolean | Promise<boolean>): Promise<void> => {
  for (let waited = 0; !(await isTrue()); waited += 50) {
    if (waited > 20_000) throw new Error('did not happen within 20 s')
    await sleep(50)
  }
}
const readings = async (path: string): Promise<{ value: number; quality: string }[]> => {
  const { body } = await larder.request('GET', `/v1/readings?site=s1&device=${path}`)
  return (body as { items: { value: number; quality: string }[] }).items
}

test('a device that nobody registered joins, is kept apart, and is adopted', async () => {
  const join = await make('s1-join', '--kind', 'join', '--site', 's1')
  const stray = await connect(join, 's1.shelf-9')
  await stray.publishAsync('v1/s1/shelf-9/telemetry', '{"values":{"units":3}}', { qos: 1 })
  await until(async () => (await readings('shelf-9')).length === 1)
  expect(await readings('shelf-9')).toMatchObject([{ value: 3, quality: 'unregistered' }])
  expect(await run('devices', 'list', '--status', 'unregistered')).toContain('shelf-9')

  const own = JSON.parse(
    await run('devices', 'adopt', 's1/shelf-9', '--kind', 'shelf'),
  ) as Required<Login>
  await until(() => !stray.connected)
  await expect(connect(join, 's1.shelf-9')).rejects.toMatchObject({ code: 2 })
  const device = await connect(own)
  const publish = (): Promise<unknown> =>
    device.publishAsync('v1/s1/shelf-9/telemetry', '{"values":{"units":4}}', { qos: 1 })
  await until(async () => {
    await publish()
    return (await readings('shelf-9')).some(({ quality }) => quality === 'good')
  })
})

test('a bridge speaks for its devices, and its readings are theirs', async () => {
  await run('devices', 'add', 's1/lamp-1', '--kind', 'probe')
  const map = ['--map', 'zigbee2mqtt/+=s1/{1}']
  const login = await make('zigbee', '--kind', 'bridge', '--site', 's1', ...map)
  const bridge = await connect(login, 'z2m')
  await bridge.publishAsync('zigbee2mqtt/lamp-1', '{"temperature":4.5}', { qos: 1 })
  await until(async () => (await readings('lamp-1')).length === 1)
  expect(await readings('lamp-1')).toMatchObject([{ value: 4.5, quality: 'good' }])
})

test('new rules and passwords leave a session open, and a revocation closes it', async () => {
  const login = await make('anna', '--kind', 'operator', '--subscribe', 'v1/s1/#')
  const client = await connect(login, 'tool')
  await client.subscribeAsync('v1/s1/+/telemetry')
  await run('credentials', 'rotate', 'anna')
  await expect(connect(login, 'tool-2')).rejects.toMatchObject({ code: 4 })
  await run('credentials', 'rules', 'anna', '--subscribe', 'v1/s2/#')
  await expect(client.subscribeAsync('v1/s1/+/state')).rejects.toThrow()
  await client.subscribeAsync('v1/s2/+/state')
  expect(client.connected).toBe(true)
  await run('credentials', 'revoke', 'anna')
  await until(() => !client.connected)
  expect(await run('credentials', 'list')).toMatch(/"anna".*"revoked":true/)
})

test('what an operator says from outside is kept, what cannot be read is a dead letter, and no device may say any', async () => {
  const login = await make('outside', '--kind', 'operator', '--publish', 'v1/+/context/+')
  const outside = await connect(login, 'weather-service')
  const start = Date.now() + 3_600_000
  const said = JSON.stringify({ start, values: [4.5, 5], issuedAt: Date.now() - 1_000 })
  await outside.publishAsync('v1/s1/context/weather-temperature', said, { qos: 1 })
  await outside.publishAsync('v1/s1/context/weather-temperature', said, { qos: 1 })
  await outside.publishAsync('v1/s1/context/event', '{"start":"tomorrow","value":9}', { qos: 1 })
  const items = async (path: string): Promise<readonly Record<string, unknown>[]> =>
    ((await larder.request('GET', path)).body as { items: Record<string, unknown>[] }).items
  await until(async () => (await items('/v1/dead-letters?type=bad-time')).length === 1)
  expect(await items('/v1/context?site=s1')).toMatchObject([
    { signal: 'weather-temperature', values: [4.5, 5], unit: 'Cel', status: 'current' },
  ])

  const device = JSON.parse(
    await run('devices', 'add', 's1/context', '--kind', 'probe'),
  ) as Required<Login>
  const probe = await connect(device)
  probe.publish('v1/s1/context/event', JSON.stringify({ start, value: 900 }), { qos: 1 })
  await until(() => !probe.connected)
  expect(await items('/v1/context?type=event')).toEqual([])
})
