import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import Value from 'typebox/value'
import { Settings } from '../../config/index.ts'
import { startGateway, type Gateway } from '../../gateway/index.ts'
import type { MessageLog } from '../../message-log/index.ts'
import { createManualClock, createMetrics, silentLogger, wallClock } from '../../runtime/index.ts'
import { createMemoryDeviceRegistry, type MemoryDeviceRegistry } from './memory-device-registry.ts'

export interface TestGateway {
  readonly gateway: Gateway
  readonly registry: MemoryDeviceRegistry
  connect(login: {
    username?: string
    password?: string
    clientId?: string
    /** Over TLS. */
    secure?: boolean
    options?: IClientOptions
  }): Promise<MqttClient>
  refused(reason: string): Promise<number>
  /** Messages that reached the broker. */
  received(): Promise<number>
  stop(): Promise<void>
}

export const cityNow = 1_763_793_540_000

/** A gateway on a free port over the given log, with devices that the test adds. */
export async function startTestGateway(
  log: MessageLog,
  settings: Partial<Settings['mqtt']> = {},
  messageLogSettings: Partial<Settings['messageLog']> = {},
  registry: MemoryDeviceRegistry = createMemoryDeviceRegistry(),
): Promise<TestGateway> {
  const defaults = Value.Create(Settings)
  const metrics = createMetrics({ withProcess: false })
  const gateway = await startGateway({
    settings: { ...defaults.mqtt, port: 0, ...settings },
    identity: defaults.gateway,
    messageLogSettings: { ...defaults.messageLog, ...messageLogSettings },
    log,
    registry,
    clock: createManualClock(cityNow),
    wall: wallClock,
    logger: silentLogger,
    metrics,
  })
  const clients: MqttClient[] = []
  return {
    gateway,
    registry,
    async connect({ username, password, clientId, secure, options }) {
      const url = secure
        ? `mqtts://localhost:${gateway.tlsPort}`
        : `mqtt://127.0.0.1:${gateway.port}`
      const client = await connectAsync(url, {
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
        clientId: clientId ?? 'test',
        reconnectPeriod: 0,
        connectTimeout: 5000,
        ...options,
      })
      client.on('error', () => undefined)
      clients.push(client)
      return client
    },
    async refused(reason) {
      const metric = await metrics.getSingleMetric('larder_gateway_refused_total')!.get()
      return metric.values.find(({ labels }) => labels.reason === reason)?.value ?? 0
    },
    async received() {
      const { values } = await metrics.getSingleMetric('larder_gateway_received_total')!.get()
      return values[0]?.value ?? 0
    },
    async stop() {
      for (const client of clients) await client.endAsync(true)
      await gateway.stop()
    },
  }
}
