import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../servers/free-port.ts'
import { startInfluxdb, type InfluxdbServer } from '../servers/influxdb.ts'
import { startKafka, type KafkaServers } from '../servers/kafka.ts'
import { startPostgres, type PostgresServer } from '../servers/postgres.ts'
import { createStageProcess, type StageProcess } from './stage-process.ts'

export interface Cluster {
  readonly servers: {
    readonly kafka: KafkaServers
    readonly influxdb: InfluxdbServer
    readonly postgres: PostgresServer
  }
  /** By name: gateway, ingest-1, ingest-2, models, planner, api, and city where there is one. */
  readonly stages: ReadonlyMap<string, StageProcess>
  readonly api: string
  readonly mqttPort: number
  readonly ownerKey: string
  /** What every stage is set to; secrets are files in `folder`. */
  readonly env: Readonly<Record<string, string>>
  readonly folder: string
  /** One more, ready. */
  addIngest(): Promise<StageProcess>
  request(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>
  stop(): Promise<void>
}

export interface ClusterOptions {
  /** Readers of the log. */
  readonly ingest: number
  /** The size of the simulated city; null: none. */
  readonly city: 'full' | 'small' | null
  /** Which stages beside gateway and ingest; all where absent. */
  readonly stages?: readonly ('models' | 'planner' | 'api')[]
  readonly env?: Readonly<Record<string, string>>
  readonly httpPort?: number
  readonly mqttPort?: number
  readonly onStep?: (words: string) => void
}

/** The distributed form as processes of this machine, on loopback, in a folder of its own that `stop` removes. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const step = options.onStep ?? (() => undefined)
  const folder = mkdtempSync(join(tmpdir(), 'larder-cluster-'))
  // PostgreSQL runs as another user where root asks, and has to get to its folder.
  chmodSync(folder, 0o755)
  const stops: (() => Promise<unknown>)[] = [
    async () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  ]
  const stop = async (): Promise<void> => {
    for (let next = stops.pop(); next; next = stops.pop()) await next().catch(() => undefined)
  }
  const secret = (name: string, value = randomBytes(32).toString('base64url')): string => {
    const file = join(folder, name)
    writeFileSync(file, value, { mode: 0o600 })
    return file
  }
  try {
    step('PostgreSQL, Kafka and InfluxDB')
    const postgresFolder = join(folder, 'postgres')
    mkdirSync(postgresFolder)
    const starting = {
      postgres: startPostgres(postgresFolder),
      kafka: startKafka(folder),
      influxdb: startInfluxdb(),
    }
    const started = await Promise.allSettled(Object.values(starting))
    for (const one of started)
      if (one.status === 'fulfilled') {
        const server = one.value
        stops.push(() => server.stop())
      }
    const servers = {
      postgres: await starting.postgres,
      kafka: await starting.kafka,
      influxdb: await starting.influxdb,
    }
    const ownerKey = randomBytes(32).toString('base64url')
    const ports = {
      api: options.httpPort ?? (await freePort()),
      mqtt: options.mqttPort ?? (await freePort()),
    }
    const address = new URL(await servers.postgres.database('larder'))
    const passwordFile = secret('postgres-password', decodeURIComponent(address.password))
    address.password = ''
    const env: Record<string, string> = {
      LARDER_MESSAGE_LOG_BROKERS: servers.kafka.brokers,
      LARDER_SERIES_URL: servers.influxdb.url,
      LARDER_SERIES_ORG: servers.influxdb.org,
      LARDER_SERIES_TOKEN_FILE: secret('influx-token', servers.influxdb.token),
      LARDER_OPERATIONS_URL: address.href,
      LARDER_OPERATIONS_PASSWORD_FILE: passwordFile,
      LARDER_API_OWNER_KEY_FILE: secret('owner-key', ownerKey),
      LARDER_API_SIM_KEY_FILE: secret('sim-key'),
      LARDER_CITY_SIM: options.city === null ? 'none' : 'city',
      ...options.env,
    }

    const stages = new Map<string, StageProcess>()
    const add = async (
      name: string,
      args: readonly string[],
      port?: number,
    ): Promise<StageProcess> => {
      const stage = createStageProcess({ name, args, env, port: port ?? (await freePort()) })
      stages.set(name, stage)
      stops.push(() => stage.stop())
      stage.start()
      return stage
    }
    let readers = 0
    const addIngest = (): Promise<StageProcess> => add(`ingest-${++readers}`, ['ingest'])
    const wanted = options.stages ?? ['models', 'planner', 'api']
    step('the stages of Larder')
    await add('gateway', ['gateway', '--mqtt', String(ports.mqtt)])
    for (let i = 0; i < options.ingest; i++) await addIngest()
    if (wanted.includes('models'))
      await add('models', ['models', 'serve', '--data', join(folder, 'models')])
    if (wanted.includes('planner')) await add('planner', ['planner'])
    if (wanted.includes('api')) await add('api', ['api', '--data', join(folder, 'api')], ports.api)
    await Promise.all([...stages.values()].map((stage) => stage.ready()))
    const api = `http://127.0.0.1:${ports.api}`
    if (options.city !== null) {
      step('the simulated city and its history')
      const city = await add('city', [
        'simulate',
        ...['--url', api, '--gateway', `mqtt://127.0.0.1:${ports.mqtt}`],
        ...['--data', join(folder, 'city'), '--size', options.city],
      ])
      await city.ready(600_000)
    }

    return {
      ...{ servers, stages, api, mqttPort: ports.mqtt, ownerKey, env, folder, stop },
      async addIngest() {
        const stage = await addIngest()
        await stage.ready()
        return stage
      },
      async request(method, path, body) {
        const isText = typeof body === 'string'
        const answer = await fetch(api + path, {
          method,
          headers: {
            authorization: `Bearer ${ownerKey}`,
            ...(body === undefined
              ? {}
              : { 'content-type': isText ? 'text/csv' : 'application/json' }),
          },
          ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
          signal: AbortSignal.timeout(30_000),
        })
        const text = await answer.text()
        return { status: answer.status, body: (text === '' ? null : JSON.parse(text)) as unknown }
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}
