import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { site, startEdgeAndHub, until, type EdgeAndHub } from '../support/edge-and-hub.ts'
import { runLarder } from '../support/larder-process.ts'
import { expectStoredOnce, startPublisher } from '../support/start-publisher.ts'

/** In this order one pair of processes serves them all. */
let both: EdgeAndHub
beforeAll(async () => {
  both = await startEdgeAndHub('edge')
})
afterAll(() => both.stop())

test('what an edge gateway has acknowledged is in the readings of the hub, once, whichever is killed', async () => {
  const ledger = join(both.folder, 'acknowledged.txt')
  const devices = ['probe-1', 'probe-2', 'probe-3']
  const publisher = await startPublisher({
    ...{ larder: both.edge(), mqttPort: both.edgePort, ledger, site, devices },
  })
  const registered = join(both.folder, 'devices.json')
  try {
    // The hub learns of the devices as an edge learns of a hub's: nobody needs a new password.
    const from = ['--site', site, '--out', registered, '--data', join(both.folder, 'edge')]
    expect((await runLarder(['devices', 'export', ...from])).code).toBe(0)
    const to = ['devices', 'import', registered, '--data', join(both.folder, 'hub')]
    expect((await runLarder(to)).stdout).toMatch(/^3 devices are registered/)

    await sleep(300)
    await both.hub().kill()
    await sleep(300)
    await both.edge().kill()
    await both.startEdge()
    await sleep(300)
    const { body } = await both.edge().request('GET', '/v1/status')
    expect(body).toMatchObject({ ready: true })
    expect(JSON.stringify(body)).toMatch(/not connected to hub .*; [0-9,]+ messages of \d+ s wait/)
    await both.startHub()
    await sleep(500)
    await both.edge().kill()
    await both.startEdge()
    await sleep(500)
    await publisher.stop()
    expect(publisher.acknowledged().length).toBeGreaterThan(500)
    await expectStoredOnce(both.hub(), site, devices, publisher.acknowledged())
    const sighted = await both.edge().request('GET', `/v1/devices/${site}/probe-1`)
    expect((sighted.body as { connection: string }).connection).toMatch(/online|offline/)
    await until(
      async () => (await both.metric('larder_gateway_backlog_messages')) === 0,
      10_000,
      'no backlog is left',
    )
    const doctor = await runLarder(['doctor', '--data', join(both.folder, 'edge')])
    expect([doctor.code, doctor.stdout]).toEqual([
      0,
      'Everything runs, nothing is behind, and no alarm is open.\n',
    ])
  } finally {
    publisher.kill()
  }
})

test('a command of the hub reaches a device behind an edge gateway through restarts of both, and ends once', async () => {
  const path = { site, device: 'door-1' }
  const registered = await both.edge().request('POST', '/v1/devices', { ...path, kind: 'footfall' })
  const login = registered.body as { username: string; password: string; clientId: string }
  await both.hub().request('POST', '/v1/devices', { ...path, kind: 'footfall' })
  await both.edge().kill()
  const queue = `/v1/devices/${site}/door-1/commands`
  const { body } = await both.hub().request('POST', queue, { set: { intervalMs: 5000 } })
  const { id } = body as { id: string }
  await both.startEdge()
  await until(
    async () =>
      JSON.stringify((await both.edge().request('GET', '/v1/status')).body).includes('up to date'),
    10_000,
    'the edge is connected',
  )
  await both.hub().kill()
  await both.edge().stop()
  await both.startEdge()

  const heard: unknown[] = []
  const device = await connectAsync(`mqtt://127.0.0.1:${both.edgePort}`, {
    ...login,
    reconnectPeriod: 0,
  })
  device.on('message', (topic, payload) => {
    heard.push([topic, JSON.parse(payload.toString())])
    device.publish(`v1/${site}/door-1/command/result`, JSON.stringify({ id, ok: true }), { qos: 1 })
  })
  await device.subscribeAsync(`v1/${site}/door-1/command`, { qos: 1 })
  await until(() => heard.length > 0, 10_000, 'the device hears the command')
  expect(heard).toEqual([[`v1/${site}/door-1/command`, { id, set: { intervalMs: 5000 } }]])

  await both.startHub()
  await until(
    async () =>
      (await both.metric('larder_gateway_backlog_messages')) === 0 &&
      (await both.metric('larder_gateway_uplink_connected')) === 1,
    20_000,
    'the answer is forwarded',
  )
  await sleep(2500)
  expect(heard).toHaveLength(1)
  await device.endAsync()
})

test('a second gateway on the same folder, and one without a hub, are refused with a sentence', async () => {
  const without = await runLarder(['gateway'])
  expect(without.code).toBe(2)
  expect(without.stderr).toContain('--uplink mqtts://HOST:8883')
  const again = ['gateway', '--uplink', 'mqtt://127.0.0.1:1', '--site', site, '--name', 'edge-1']
  const ports = ['--mqtt', '0', '--http', '0']
  const second = await runLarder([...again, '--data', join(both.folder, 'edge'), ...ports])
  expect(second.code).toBe(1)
  expect(second.stderr).toContain('Another Larder')
  const startedAt = performance.now()
  expect(await both.edge().stop()).toBe(0)
  expect(performance.now() - startedAt).toBeLessThan(5000)
})
