import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCluster, type Cluster } from '../../scripts/cluster/start-cluster.ts'
import { runLarder, startLarder, temporaryFolder } from '../support/larder-process.ts'
import { startPublisher } from '../support/start-publisher.ts'
import { until } from '../support/until.ts'

const data = temporaryFolder('migrate')
let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster({ ingest: 0, city: null, stages: [] })
}, 120_000)
afterAll(async () => {
  await cluster.stop()
  data.remove()
})

test('a Larder of one process moves to the servers: readings, operations, unread messages and numbers of changes', async () => {
  await cluster.stages.get('gateway')!.stop()
  const larder = await startLarder(data.path)
  const publisher = await startPublisher({
    ...{ larder, mqttPort: larder.mqttPort, ledger: `${data.path}/acknowledged.txt` },
    ...{ site: 'corner', devices: ['probe-1', 'probe-2'], pauseMs: 5 },
  })
  await until(() => publisher.acknowledged().length > 300, 30_000)
  // Killed in mid-stream: the log may hold what the stores have not read.
  await larder.kill()
  publisher.kill()
  const acknowledged = publisher.acknowledged()

  const first = await runLarder(['migrate', '--data', data.path], { env: { ...cluster.env } })
  expect(first.code, first.stderr + first.stdout).toBe(0)
  expect(first.stdout).toMatch(/counted again in PostgreSQL[^]*counted again in InfluxDB/)
  const again = await runLarder(['migrate', '--data', data.path], { env: { ...cluster.env } })
  expect(again.code, again.stderr + again.stdout).toBe(0)

  const { openOperations, openSeries } = await import('../../cli/stages/engines.ts')
  const { loadSettings } = await import('../../config/index.ts')
  const { silentLogger } = await import('../../runtime/index.ts')
  const settings = loadSettings({ flags: {}, env: cluster.env, file: null })
  const operations = await openOperations(settings, silentLogger)
  const series = await openSeries(settings, operations.store, silentLogger)
  try {
    const stored = new Set<string>()
    for (const device of ['probe-1', 'probe-2']) {
      const query = { site: 'corner', device, channel: 'celsius', from: 0, to: 8.64e15 - 1 }
      const { readings } = await series.store.range({ ...query, limit: 100_000 })
      for (const { seq } of readings) {
        expect(stored.has(`corner/${device} ${seq}`)).toBe(false)
        stored.add(`corner/${device} ${seq}`)
      }
    }
    expect(acknowledged.filter((line) => !stored.has(line))).toEqual([])
    expect((await operations.store.all('sites')).map(({ id }) => id)).toContain('corner')
    const before = (await operations.store.changes(0, 1)).newest
    expect(before).toBeGreaterThan(0)
    await operations.store.revokeDevice('corner', 'probe-1', Date.now())
    expect((await operations.store.changes(0, 1)).newest).toBe(before + 1)
  } finally {
    await series.close()
    await operations.close()
  }

  const other = temporaryFolder('migrate-other')
  const empty = await runLarder(['migrate', '--data', other.path], { env: { ...cluster.env } })
  expect([empty.code, empty.stderr]).toEqual([
    1,
    expect.stringContaining('operations.db') as string,
  ])
  other.remove()
})
