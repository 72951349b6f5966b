import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startCluster, type Cluster } from '../../scripts/cluster/start-cluster.ts'
import type { StageProcess } from '../../scripts/cluster/stage-process.ts'
import { runLarder } from '../support/larder-process.ts'

const patient = { timeout: 40_000, interval: 100 }
let cluster: Cluster

beforeAll(async () => {
  cluster = await startCluster({
    ingest: 1,
    city: 'small',
    env: {
      LARDER_MODELS_ENABLED: 'false',
      LARDER_CITY_HISTORY_DAYS: '3',
      LARDER_MESSAGE_LOG_PARTITIONS: '6',
      LARDER_LOG_LEVEL: 'info',
    },
  })
}, 120_000)
afterAll(() => cluster.stop())

const items = async (path: string): Promise<readonly Record<string, unknown>[]> =>
  ((await cluster.request('GET', path)).body as { items: Record<string, unknown>[] }).items
const stage = (name: string): StageProcess => cluster.stages.get(name)!

async function publish(path: string, celsius: number): Promise<void> {
  const [site, device] = path.split('/')
  const { body } = await cluster.request('POST', '/v1/devices', { site, device, kind: 'probe' })
  const { clientId, username, password } = body as Record<string, string>
  const client = await connectAsync(`mqtt://127.0.0.1:${cluster.mqttPort}`, {
    ...{ clientId: clientId!, username: username!, password: password! },
  })
  const payload = JSON.stringify({ seq: 1, boot: 'b', values: { celsius } })
  await client.publishAsync(`v1/${path}/telemetry`, payload, { qos: 1 })
  await client.publishAsync(`v1/${path}/telemetry`, payload, { qos: 1 })
  await client.endAsync()
}

test('what a device publishes, even twice, is stored once and on the API', async () => {
  await publish('corner/fridge-1', 4.2)
  await vi.waitFor(async () => {
    const readings = await items('/v1/readings?site=corner&device=fridge-1&channel=celsius')
    expect(readings).toMatchObject([{ value: 4.2, quality: 'good' }])
  }, patient)
})

test('the simulated city lives on the cluster: its readings come in and forecasts are served', async () => {
  await vi.waitFor(async () => {
    expect(await items('/v1/readings?site=store-1&channel=celsius&limit=1')).toHaveLength(1)
    const [forecast] = await items('/v1/forecasts?site=store-1&limit=1')
    expect(forecast).toMatchObject({ horizonHours: 12, servedBy: expect.any(String) as string })
  }, patient)
})

test('every process says on its own port that it is well, and the API tells of all', async () => {
  for (const one of cluster.stages.values()) {
    expect((await fetch(`${one.url}/health`)).status, one.name).toBe(200)
    // A server may answer late for once while all of them start on two cores.
    await vi.waitFor(async () => {
      const ready = await fetch(`${one.url}/ready`)
      expect(ready.status, `${one.name}: ${await ready.text()}`).toBe(200)
    }, patient)
    const auth = { authorization: `Bearer ${cluster.ownerKey}` }
    const metrics = await fetch(`${one.url}/metrics`, { headers: auth })
    expect(await metrics.text(), one.name).toContain('process_cpu_seconds_total')
  }
  await vi.waitFor(async () => {
    expect((await cluster.request('GET', '/v1/status')).body).toMatchObject({
      ready: true,
      stages: ['gateway', 'ingest', 'models', 'planner', 'api'].map((name) => ({
        name,
        ready: true,
      })),
    })
  }, patient)
})

test('an ingest process that is added takes over partitions, and gives them back when it is killed', async () => {
  const second = await cluster.addIngest()
  await vi.waitFor(() => expect(second.output()).toMatch(/"partitions":\[\d.*came/), patient)
  for (let i = 0; i < 6; i++) await publish(`shared-${i}/fridge-1`, i)
  const expectAll = () =>
    vi.waitFor(async () => {
      for (let i = 0; i < 6; i++)
        expect(await items(`/v1/readings?site=shared-${i}&device=fridge-1`)).toHaveLength(1)
    }, patient)
  await expectAll()
  await second.kill()
  for (let i = 0; i < 6; i++) await publish(`alone-${i}/fridge-1`, i)
  await vi.waitFor(async () => {
    for (let i = 0; i < 6; i++)
      expect(await items(`/v1/readings?site=alone-${i}&device=fridge-1`)).toHaveLength(1)
  }, patient)
})

test('a second planner waits for its turn, and takes over from one that is killed', async () => {
  const first = stage('planner')
  const second = await runSecondPlanner()
  try {
    expect(await words(second.url)).toContain('Another process')
    await first.kill()
    await vi.waitFor(async () => expect(await words(second.url)).not.toContain('Another'), patient)
  } finally {
    await second.stop()
    first.start()
    await first.ready()
  }
})

test('/ready names the server that is down, and is well again when it is back', async () => {
  await cluster.servers.influxdb.kill()
  await vi.waitFor(async () => {
    const answer = await fetch(`${stage('ingest-1').url}/ready`)
    expect([answer.status, await answer.text()]).toEqual([
      503,
      expect.stringContaining('InfluxDB does not answer') as string,
    ])
    expect((await fetch(`${stage('gateway').url}/ready`)).status).toBe(200)
  }, patient)
  await cluster.servers.influxdb.start()
  await vi.waitFor(async () => {
    expect((await fetch(`${stage('ingest-1').url}/ready`)).status).toBe(200)
  }, patient)
})

test('a stage says what it wants where its engines are files, and every stage stops clean', async () => {
  const alone = await runLarder(['ingest', '--http', '0'])
  expect(alone.code).toBe(2)
  expect(alone.stderr).toMatch(/messageLog\.brokers.*series\.url.*operations\.url.*larder up/s)
  for (const name of ['planner', 'ingest-1', 'gateway', 'api', 'models', 'city'])
    expect(await stage(name).stop(), `${name}:\n${stage(name).output()}`).toBe(0)
})

async function runSecondPlanner(): Promise<StageProcess> {
  const { createStageProcess } = await import('../../scripts/cluster/stage-process.ts')
  const { freePort } = await import('../../scripts/servers/free-port.ts')
  const second = createStageProcess({
    ...{ name: 'planner-2', args: ['planner'], port: await freePort(), env: cluster.env },
  })
  second.start()
  await second.ready()
  await vi.waitFor(async () => expect(await words(second.url)).toContain('Another'), patient)
  return second
}

async function words(url: string): Promise<string> {
  const answer = await fetch(`${url}/ready`)
  return answer.text()
}
