import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import Value from 'typebox/value'
import { Settings } from '../../config/index.ts'
import type { RawMessage } from '../../domain/index.ts'
import { startUplink, type Uplink } from '../../gateway/index.ts'
import type { EmbeddedMessageLog } from '../../message-log/index.ts'
import {
  createMetrics,
  createRandom,
  silentLogger,
  wallClock,
  type Logger,
} from '../../runtime/index.ts'

export interface TestUplink {
  readonly uplink: Uplink
  readonly commands: [string, string][]
  readonly metric: (name: string, labels?: Record<string, string>) => Promise<number>
}

/** An uplink over a log of the test, to a hub on a port of this machine. */
export async function startTestUplink(options: {
  readonly log: EmbeddedMessageLog
  readonly folder: string
  readonly port: number
  readonly password: string
  readonly settings?: Partial<Settings['uplink']>
  readonly logger?: Logger
  readonly clock?: { now(): number }
  readonly monotonic?: { now(): number }
}): Promise<TestUplink> {
  const { log, folder, port } = options
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, `${options.password}\n`, { mode: 0o600 })
  const metrics = createMetrics({ withProcess: false })
  const commands: [string, string][] = []
  const uplink = await startUplink({
    settings: {
      ...Value.Create(Settings).uplink,
      url: `mqtt://127.0.0.1:${port}`,
      passwordFile,
      ...options.settings,
    },
    identity: { site: 's1', device: 'edge-1' },
    log,
    file: join(folder, 'uplink.json'),
    onCommand(topic, payload) {
      commands.push([topic, payload.toString()])
      return Promise.resolve()
    },
    clock: options.clock ?? wallClock,
    monotonic: options.monotonic ?? { now: () => performance.now() },
    random: createRandom(7),
    logger: options.logger ?? silentLogger,
    metrics,
  })
  return {
    uplink,
    commands,
    async metric(name, labels = {}) {
      const { values } = await metrics.getSingleMetric(`larder_gateway_${name}`)!.get()
      const matches = (have: Partial<Record<string, string | number>>): boolean =>
        Object.entries(labels).every(([key, value]) => have[key] === value)
      return values.filter((one) => matches(one.labels)).reduce((sum, { value }) => sum + value, 0)
    },
  }
}

export function telemetry(number: number, receivedAt = Date.now()): RawMessage {
  const device = `d${number % 200}`
  const values = { units: number % 50 }
  const text = JSON.stringify({ seq: number, boot: '00c0ffee00c0ffee', at: receivedAt, values })
  return {
    topic: `v1/s1/${device}/telemetry`,
    payload: Buffer.from(text),
    receivedAt,
    qos: 1,
    retain: false,
    clientId: `s1.${device}`,
  }
}
