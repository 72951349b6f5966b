import { createServer, type Socket } from 'node:net'
import type { Client } from 'aedes'
import type { Settings } from '../config/index.ts'
import type { Clock, DeviceRegistry } from '../domain/index.ts'
import type { MessageLog } from '../message-log/index.ts'
import type { Logger, Registry, Stage } from '../runtime/index.ts'
import { createAppendQueue, type AppendQueueSettings } from './append-queue.ts'
import { createBroker } from './broker.ts'
import { createGatewayMetrics } from './gateway-metrics.ts'
import { createAdmission } from './listeners/admission.ts'
import { listen, refusePlaintextBeyondLoopback } from './listeners/listen.ts'
import { createGuard, type Guard } from './wire/guard.ts'

export interface GatewayDeps {
  readonly settings: Settings['mqtt']
  readonly messageLogSettings: AppendQueueSettings
  readonly log: MessageLog
  readonly registry: DeviceRegistry
  /** The city's: receive times. */
  readonly clock: Clock
  readonly wall: Clock
  readonly logger: Logger
  readonly metrics: Registry
}

export interface Gateway extends Stage {
  readonly host: string
  readonly port: number
  connections(): number
}

const stopWithinMs = 3000

/** The MQTT gateway: listens until stopped. What it acknowledges is in the log. */
export async function startGateway(deps: GatewayDeps): Promise<Gateway> {
  const { settings, logger } = deps
  refusePlaintextBeyondLoopback(settings)
  const guards = new Set<Guard>()
  const metrics = createGatewayMetrics(deps.metrics, () => guards.size)
  let isFailing = false

  const queue = createAppendQueue({
    log: deps.log,
    settings: deps.messageLogSettings,
    wall: deps.wall,
    onAppended(_, startedAt, error) {
      metrics.appendSeconds.observe((deps.wall.now() - startedAt) / 1000)
      if (error) metrics.appendFailures.inc()
      if ((error !== null) === isFailing) return
      isFailing = error !== null
      if (error) logger.error({ err: error }, 'messages are not acknowledged: they cannot be kept')
      else logger.warn('messages are kept and acknowledged again')
    },
  })
  const broker = await createBroker({
    ...deps,
    queue,
    metrics,
    onReady: (client: Client) => (client.conn as Guard).allowLongPackets(),
  })

  const admission = createAdmission({
    settings,
    wall: deps.wall,
    onRefused: (reason) => metrics.refused.inc({ reason }),
  })
  const serve = (socket: Socket): void => {
    const guard = createGuard(socket, {
      settings,
      gate: queue,
      onFault: (reason) => metrics.refused.inc({ reason }),
    })
    guards.add(guard)
    guard.on('close', () => guards.delete(guard))
    broker.aedes.handle(guard)
  }
  const server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) =>
    admission.admit(socket, () => serve(socket)),
  )
  const { address, port } = await listen(server, settings).catch(async (error: unknown) => {
    await broker.stop()
    throw error
  })

  let stopping: Promise<void> | undefined
  return {
    host: address,
    port,
    connections: () => guards.size,
    stop: () =>
      (stopping ??= within(stopWithinMs, async () => {
        server.close()
        admission.stop()
        await broker.stop()
        for (const guard of guards) guard.destroy()
        await queue.drain()
      })),
  }
}

async function within(ms: number, work: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))
  await Promise.race([work(), deadline])
  clearTimeout(timer)
}
