import { chmodSync } from 'node:fs'
import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPostgres, type PostgresServer } from '../../scripts/servers/postgres.ts'
import { runLarder, startLarder, temporaryFolder } from '../support/larder-process.ts'

const servers = temporaryFolder('postgres')
const data = temporaryFolder('on-postgres')
let postgres: PostgresServer

beforeAll(async () => {
  chmodSync(servers.path, 0o755)
  postgres = await startPostgres(servers.path)
})
afterAll(async () => {
  await postgres.stop()
  servers.remove()
  data.remove()
})

test('the whole of Larder keeps its operations in PostgreSQL, through a restart of each', async () => {
  const env = { LARDER_OPERATIONS_URL: await postgres.database('larder') }
  const first = await startLarder(data.path, { env })
  const added = await runLarder(
    ['devices', 'add', 'corner/fridge-1', '--kind', 'probe', '--json', '--data', data.path],
    { env },
  )
  expect(added.code, added.stderr).toBe(0)
  const login = JSON.parse(added.stdout) as { clientId: string; username: string; password: string }
  const publish = async (port: number, celsius: number): Promise<void> => {
    const device = await connectAsync(`mqtt://127.0.0.1:${port}`, login)
    const payload = JSON.stringify({ values: { celsius } })
    await device.publishAsync('v1/corner/fridge-1/telemetry', payload, { qos: 1 })
    await device.endAsync()
  }
  await publish(first.mqttPort, 4.2)
  expect(await first.stop(), first.output()).toBe(0)

  await postgres.stop()
  await postgres.start()
  const second = await startLarder(data.path, { env })
  await publish(second.mqttPort, 4.4)
  let shown: unknown = null
  for (let tries = 0; tries < 100; tries++) {
    const answer = await second.request('GET', '/v1/devices?site=corner')
    shown = (answer.body as { items: unknown[] }).items[0]
    if ((shown as { connection: string }).connection === 'online') break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  expect(shown).toMatchObject({ device: 'fridge-1', kind: 'probe', connection: 'online' })
  expect(await second.stop(), second.output()).toBe(0)

  const stopped = await runLarder(['devices', 'list', '--json', '--data', data.path], { env })
  expect(stopped.code, stopped.stderr).toBe(0)
  expect(stopped.stdout).toContain('fridge-1')
})

test('a database that is not there is said in a sentence', async () => {
  const env = { LARDER_OPERATIONS_URL: 'postgres://nobody@127.0.0.1:1/none' }
  const other = temporaryFolder('no-postgres')
  const result = await runLarder(
    ['up', '--sim', 'none', '--http', '0', '--mqtt', '0', '--data', other.path],
    { env },
  )
  expect(result.code).toBe(1)
  expect(result.stderr).toContain('PostgreSQL does not answer')
  other.remove()
})
