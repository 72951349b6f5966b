import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createRandom } from '../../runtime/index.ts'
import { startCluster } from '../../scripts/cluster/start-cluster.ts'
import { expectStoredOnce, startPublisher } from '../support/start-publisher.ts'
import { scaled, seed } from '../support/torture.ts'

const kills = scaled(5, 500)

test(
  `after ${kills} kill -9 of random processes and servers every acknowledged message is stored exactly once (seed ${seed})`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'larder-cluster-kill-'))
    const cluster = await startCluster({
      ...{ ingest: 2, city: null, stages: ['api'] },
      env: { LARDER_MESSAGE_LOG_PARTITIONS: '6', LARDER_MODELS_ENABLED: 'false' },
    })
    const { servers, stages } = cluster
    const stage = (name: string) => async (): Promise<void> => {
      const killed = stages.get(name)!
      await killed.kill()
      killed.start()
    }
    const victims: Readonly<Record<string, () => Promise<void>>> = {
      gateway: stage('gateway'),
      'ingest-1': stage('ingest-1'),
      'ingest-2': stage('ingest-2'),
      InfluxDB: () => servers.influxdb.kill().then(() => servers.influxdb.start()),
      Kafka: () => servers.kafka.kill().then(() => servers.kafka.up()),
      PostgreSQL: () => servers.postgres.kill().then(() => servers.postgres.start()),
    }
    const random = createRandom(seed)
    const sites = ['kill-1', 'kill-2', 'kill-3', 'kill-4']
    const devices = sites.map((site) => `${site}/probe-1`)
    const publisher = await startPublisher({
      larder: cluster,
      mqttPort: cluster.mqttPort,
      ledger: join(folder, 'acknowledged.txt'),
      site: '',
      devices,
      pauseMs: 20,
    })
    const done: string[] = []
    try {
      // Each has its turn before any has its second, in an order of the seed.
      let order: string[] = []
      for (let kill = 0; kill < kills; kill++) {
        if (order.length === 0)
          order = Object.keys(victims)
            .map((name) => ({ name, at: random.next() }))
            .sort((a, b) => a.at - b.at)
            .map(({ name }) => name)
        const before = publisher.acknowledged().length
        await expect
          .poll(() => publisher.acknowledged().length, { timeout: 120_000, interval: 20 })
          .toBeGreaterThan(before + 50)
        await sleep(100 + random.next() * 400)
        const name = order.pop()!
        done.push(name)
        await victims[name]!()
      }
      for (const one of stages.values()) await one.ready(120_000)
      const before = publisher.acknowledged().length
      await expect
        .poll(() => publisher.acknowledged().length, { timeout: 120_000, interval: 20 })
        .toBeGreaterThan(before + 50)
      await publisher.stop()
      expect(publisher.acknowledged().length).toBeGreaterThan(kills * 50)
      for (const site of sites)
        await expectStoredOnce(cluster, site, ['probe-1'], publisher.acknowledged())
    } catch (error) {
      const said = [...stages.values()].map(
        (one) => `--- ${one.name}\n${one.output().slice(-1500)}`,
      )
      throw new Error(`killed ${done.join(', ')}\n${said.join('\n')}`, { cause: error })
    } finally {
      publisher.kill()
      await cluster.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
  scaled(300_000, 12 * 3_600_000),
)
