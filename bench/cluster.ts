import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { openOperations, openSeries } from '../cli/stages/engines.ts'
import { loadSettings } from '../config/index.ts'
import { silentLogger } from '../runtime/index.ts'
import { startCluster, type Cluster } from '../scripts/cluster/start-cluster.ts'
import { roadChannels, startRoadLoad, type RoadCredential } from '../test/support/road-load.ts'
import { describeMachine } from './support/machine.ts'

/**
 * The distributed form from MQTT publish to stored, Kafka, InfluxDB, PostgreSQL and all stages on this machine, with one ingest
 * process and with two; CPU seconds per 100,000 messages of each process, and what was lost:
 *   npm run bench:cluster [-- --messages 200000] [--ingest 1,2]
 * The machine has to be idle. Ends with exit code 1 where anything is missing or stored twice.
 */
const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '200000' },
    ingest: { type: 'string', default: '1,2' },
  },
})
const messages = Number(values.messages)
const [devices, sites, window, bytes] = [50, 25, 20, 150]
const storedWithinMs = 180_000
const ticksPerSecond = 100

/** By name: of a process and of those it has outlived. */
function cpuSeconds(cluster: Cluster): ReadonlyMap<string, number> {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const read = (pid: string): { parent: number; seconds: number; command: string } | null => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')
      const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      return { parent: Number(fields[1]), seconds: ticks / ticksPerSecond, command }
    } catch {
      return null
    }
  }
  const postmaster = readFileSync(join(cluster.folder, 'postgres/postgres/postmaster.pid'), 'utf8')
  const leader = Number(postmaster.split('\n')[0])
  const found = new Map<string, number>()
  const add = (name: string, seconds: number): void =>
    void found.set(name, (found.get(name) ?? 0) + seconds)
  const names = new Map([...cluster.stages.values()].map((one) => [one.pid(), one.name]))
  for (const pid of all) {
    const one = read(pid)
    if (!one) continue
    const name = names.get(Number(pid))
    if (name !== undefined) add(name, one.seconds)
    else if (Number(pid) === cluster.servers.influxdb.pid()) add('InfluxDB', one.seconds)
    else if (one.parent === process.pid && one.command.includes('kafka.Kafka'))
      add('Kafka', one.seconds)
    else if (Number(pid) === leader || one.parent === leader) add('PostgreSQL', one.seconds)
  }
  return found
}

interface Run {
  readonly ackedPerSecond: number
  readonly storedPerSecond: number
  readonly ackMs: { readonly p50: number; readonly p99: number }
  readonly cpu: ReadonlyMap<string, number>
  readonly wrong: number
}

async function run(ingest: number): Promise<Run> {
  const cluster = await startCluster({
    ...{ ingest, city: null, stages: ['api'] },
    env: { LARDER_MODELS_ENABLED: 'false' },
  })
  const load = await startRoadLoad()
  const settings = loadSettings({ flags: {}, env: cluster.env, file: null })
  const operations = await openOperations(settings, silentLogger)
  const series = await openSeries(settings, operations.store, silentLogger)
  try {
    const credentials: RoadCredential[] = []
    for (let i = 0; i < devices; i++) {
      const device = { site: `s${i % sites}`, device: `dev-${i}`, kind: 'probe' }
      const { status, body } = await cluster.request('POST', '/v1/devices', device)
      if (status !== 201) throw new Error(`a device could not be registered: ${status}`)
      credentials.push(body as RoadCredential)
    }
    await load.connect(cluster.mqttPort, credentials)
    const before = cpuSeconds(cluster)
    const startedAt = performance.now()
    const result = await load.publish({ messages, window, perSecond: 0, bytes })
    const deadline = performance.now() + storedWithinMs
    for (;;) {
      const newest = await series.store.latest({ channel: roadChannels[0] })
      const seqs = new Map(newest.map(({ site, device, seq }) => [`${site}/${device}`, seq]))
      const isStored = credentials.every(
        ({ username }, i) => (seqs.get(username) ?? -1) >= result.lastSeqs[i]!,
      )
      if (isStored) break
      if (performance.now() > deadline) throw new Error('not all was stored within three minutes')
      await sleep(100)
    }
    const storedSeconds = (performance.now() - startedAt) / 1000
    const after = cpuSeconds(cluster)
    const { readings } = await series.store.stats()
    return {
      ackedPerSecond: result.acknowledged / result.seconds,
      storedPerSecond: result.acknowledged / storedSeconds,
      ackMs: result.ackMs,
      cpu: new Map(
        [...after].map(([name, seconds]) => [
          name,
          ((seconds - (before.get(name) ?? 0)) / result.acknowledged) * 1e5,
        ]),
      ),
      wrong: readings - result.acknowledged * roadChannels.length,
    }
  } finally {
    load.stop()
    await series.close()
    await operations.close()
    await cluster.stop()
  }
}

console.log(JSON.stringify(describeMachine()))
for (const ingest of values.ingest.split(',').map(Number)) {
  const { ackedPerSecond, storedPerSecond, ackMs, cpu, wrong } = await run(ingest)
  const sum = [...cpu.values()].reduce((all, one) => all + one, 0)
  console.log(
    [
      `${ingest} ingest: ${Math.round(ackedPerSecond)} acked/s, ${Math.round(storedPerSecond)} stored/s (goal 8000), PUBACK p50 ${ackMs.p50} ms, p99 ${ackMs.p99} ms, readings missing or too many: ${wrong}`,
      'CPU seconds per 100,000 messages:',
      ...[...cpu].map(([name, seconds]) => `  ${name.padEnd(12)} ${seconds.toFixed(2)}`),
      `  ${'all'.padEnd(12)} ${sum.toFixed(2)}`,
    ].join('\n'),
  )
  if (wrong !== 0) process.exitCode = 1
}
