import { parseArgs } from 'node:util'
import { startCluster } from './cluster/start-cluster.ts'
import { installInfluxdb } from './servers/influxdb.ts'
import { installKafka } from './servers/kafka.ts'

/**
 * `npm run cluster`: the distributed form without docker, on this machine and for as long as it runs:
 *   npm run cluster -- [--ingest 2] [--city full|small|none] [--http 8080] [--mqtt 1883]
 */
const { values } = parseArgs({
  options: {
    ingest: { type: 'string', default: '2' },
    city: { type: 'string', default: 'full' },
    http: { type: 'string', default: '8080' },
    mqtt: { type: 'string', default: '1883' },
  },
})
const restartAfterMs = 1_000
const step = (words: string): void => console.log(`starting ${words} ...`)

let isStopping = false
const stopping = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      isStopping = true
      resolve()
    })
})

console.log('installing what is missing (InfluxDB is built once: 10 to 18 minutes) ...')
await Promise.all([installKafka(), installInfluxdb()])
const cluster = await startCluster({
  ingest: Number(values.ingest),
  city: values.city === 'none' ? null : values.city === 'small' ? 'small' : 'full',
  httpPort: Number(values.http),
  mqttPort: Number(values.mqtt),
  onStep: step,
})
const { servers, stages } = cluster
for (const stage of stages.values())
  stage.onEnd((words) => {
    if (isStopping) return
    console.log(`${words}; it is started again.\n${stage.output().slice(-500)}`)
    setTimeout(() => isStopping || stage.start(), restartAfterMs)
  })

console.log(
  [
    'The cluster is up.',
    `  board      ${cluster.api}/`,
    `  API        ${cluster.api}/docs`,
    `  MQTT       mqtt://127.0.0.1:${cluster.mqttPort}`,
    `  Kafka      ${servers.kafka.brokers}`,
    `  InfluxDB   ${servers.influxdb.url}`,
    `  PostgreSQL ${cluster.env.LARDER_OPERATIONS_URL ?? ''}`,
    `  secrets    ${cluster.folder}`,
    ...[...stages.values()].map(
      (one) => `  ${one.name.padEnd(10)} process ${one.pid() ?? '?'}, ${one.url}/ready`,
    ),
    'Ctrl-C stops all of it and removes its data. Kill any of these processes: it is started again, and nothing is lost.',
  ].join('\n'),
)
await stopping
console.log('stopping ...')
await cluster.stop()
