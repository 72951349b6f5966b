import Value from 'typebox/value'
import { Settings } from '../../config/index.ts'
import { startGateway } from '../../gateway/index.ts'
import {
  createMemoryMessageLog,
  startMessageLogWorker,
  type MessageLog,
} from '../../message-log/index.ts'
import { createLogger, createMetrics, keepHeapLean, wallClock } from '../../runtime/index.ts'
import { createFleetRegistry } from './fleet-registry.ts'
import type { LoneGatewayReport, LoneGatewayOptions } from './lone-gateway.ts'

/** A gateway and its log alone in a process. See lone-gateway.ts. */
keepHeapLean()
const options = JSON.parse(process.argv[2]!) as LoneGatewayOptions
const defaults = Value.Create(Settings)
const logger = createLogger('warn')
const metrics = createMetrics()

async function openLog(file: string): Promise<MessageLog> {
  const worker = await startMessageLogWorker({
    file,
    settings: defaults.messageLog,
    clock: wallClock,
    logger,
    // As in a running Larder: it ends, and whoever watches over it starts it again.
    onDeath: (error) => {
      console.error(error.message)
      process.exit(1)
    },
  })
  return worker.log
}

/** Keeps nothing: what is left is the price of everything but durability. */
function createStub(): MessageLog {
  let end = 0
  const append: MessageLog['append'] = (messages) => Promise.resolve(messages.map(() => ++end))
  return { ...createMemoryMessageLog(), append }
}

const gateway = await startGateway({
  settings: { ...defaults.mqtt, port: options.port ?? 0, ...options.mqtt },
  identity: defaults.gateway,
  messageLogSettings: defaults.messageLog,
  log: options.file === null ? createStub() : await openLog(options.file),
  registry: createFleetRegistry(),
  clock: wallClock,
  wall: wallClock,
  logger,
  metrics,
})

async function sumOf(name: string): Promise<number> {
  const { values } = await metrics.getSingleMetric(name)!.get()
  return values.reduce((sum, { value }) => sum + value, 0)
}

process.on('message', () => {
  void (async () => {
    // There only with --expose-gc: what is left then is what is held.
    globalThis.gc?.()
    const { rss, heapUsed, external } = process.memoryUsage()
    const { user, system } = process.cpuUsage()
    const report: LoneGatewayReport = {
      rssMb: Math.round(rss / 2 ** 20),
      heapMb: Math.round(heapUsed / 2 ** 20),
      externalMb: Math.round(external / 2 ** 20),
      cpuSeconds: (user + system) / 1e6,
      connections: gateway.connections(),
      acknowledged: await sumOf('larder_gateway_acknowledged_total'),
      refused: await sumOf('larder_gateway_refused_total'),
      appendFailures: await sumOf('larder_gateway_append_failures_total'),
    }
    process.send!(report)
  })()
})
process.on('disconnect', () => process.exit(0))
process.send!(gateway.port)
