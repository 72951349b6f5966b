import type { Socket } from 'node:net'
import type { Client } from 'aedes'
import type { Settings } from '../config/index.ts'
import type { Clock, DeviceRegistry, StageStatus } from '../domain/index.ts'
import type { MessageLog } from '../message-log/index.ts'
import { version, within, type Logger, type Registry, type Stage } from '../runtime/index.ts'
import { createAppendQueue, type AppendQueueSettings } from './append-queue.ts'
import { createBroker } from './broker.ts'
import { createGatewayMetrics } from './gateway-metrics.ts'
import { appendProblem, describeGateway } from './gateway-status.ts'
import { addressOf, createAdmission } from './listeners/admission.ts'
import type { CertificateNames } from './listeners/client-certificate.ts'
import { startListeners, type Listeners } from './listeners/listen.ts'
import { createOwnState } from './own-state.ts'
import { watchRefusals } from './refusal-watch.ts'
import { restoreRetained, type RetainedState } from './sessions/retained-state.ts'
import { uplinkSlackBytes } from './uplink/uplink-packet.ts'
import { createGuard, type Guard } from './wire/guard.ts'

export interface GatewayDeps {
  readonly settings: Settings['mqtt']
  /** Whose `state` topic the gateway's own state is. */
  readonly identity: Settings['gateway']
  readonly messageLogSettings: AppendQueueSettings
  readonly log: MessageLog
  readonly registry: DeviceRegistry
  /** The city's: receive times. */
  readonly clock: Clock
  readonly wall: Clock
  readonly logger: Logger
  readonly metrics: Registry
  /** See `createAppendQueue`. */
  readonly brakeMs?: () => number
}

export interface Gateway extends Stage {
  readonly host: string
  /** 0 where it does not listen in the clear. */
  readonly port: number
  /** 0 where it does not listen with TLS. */
  readonly tlsPort: number
  connections(): number
  /** Not ready while nothing can be acknowledged. */
  status(): Promise<StageStatus>
}

const stopWithinMs = 3000
const tellStateEveryMs = 10_000

/** The MQTT gateway: listens until stopped. What it acknowledges is in the log. */
export async function startGateway(deps: GatewayDeps): Promise<Gateway> {
  const { settings, logger } = deps
  const guards = new Set<Guard>()
  const metrics = createGatewayMetrics(deps.metrics, () => ({
    connections: guards.size,
    ...broker.sessions(),
  }))
  let failure: Error | null = null
  let retained: RetainedState | null = null
  let listening: Listeners | null = null

  const queue = createAppendQueue({
    log: deps.log,
    settings: deps.messageLogSettings,
    brakeMs: deps.brakeMs,
    onAppended(appended) {
      const { messages, seconds, error } = appended
      metrics.appendSeconds.observe(seconds)
      retained?.appended(appended)
      if (error) metrics.appendFailures.inc()
      else metrics.appended.inc(messages.length)
      const hasChanged = (error !== null) !== (failure !== null)
      failure = error
      if (!hasChanged) return
      if (error) logger.error({ err: error }, 'messages are not acknowledged: they cannot be kept')
      else logger.warn('messages are kept and acknowledged again')
      void tellState()
    },
  })
  const broker = await createBroker({
    ...deps,
    queue,
    metrics,
    mayRetain: (topic) => retained?.hasRoomFor(topic) ?? true,
    isNewestRetained: (topic, receivedAt) => retained?.isNewest(topic, receivedAt) ?? true,
    onReady: (client: Client, isGateway: boolean) =>
      (client.conn as Guard).allowLongPackets(isGateway ? uplinkSlackBytes : 0),
    onSessionPresent: (client) => (client.conn as Guard).announceSession(),
  })
  retained = await restoreRetained({
    store: deps.registry,
    log: deps.log,
    retain: (packet) => broker.retain(packet),
    logger,
  }).catch(async (error: unknown) => {
    await broker.stop()
    throw error
  })
  const { site, device } = deps.identity
  const ownState = createOwnState({
    aedes: broker.aedes,
    topic: `v1/${site}/${device}/state`,
    firmware: version,
    logger,
  })
  const refusals = watchRefusals(metrics.refused)
  const status = async (): Promise<StageStatus> =>
    describeGateway({
      connections: guards.size,
      appendProblem: appendProblem(queue, failure),
      problems: [...(listening?.problems() ?? []), ...(await refusals.problems())],
    })
  const tellState = async (): Promise<void> => ownState.tell((await status()).problems ?? [])
  const telling = setInterval(() => void tellState(), tellStateEveryMs)

  const admission = createAdmission({
    settings,
    wall: deps.wall,
    onRefused: (reason) => metrics.refused.inc({ reason }),
  })
  const serve = (socket: Socket, certificate: CertificateNames | null): void => {
    const address = addressOf(socket.remoteAddress ?? '')
    const guard = createGuard(socket, {
      settings,
      gate: queue,
      onFault: (reason) => metrics.refused.inc({ reason }),
    })
    guards.add(guard)
    guard.on('close', () => guards.delete(guard))
    broker.handle(guard, { address, certificate })
  }
  const stopParts = async (): Promise<void> => {
    clearInterval(telling)
    refusals.stop()
    await ownState.stop()
    await broker.stop()
    for (const guard of guards) guard.destroy()
    await queue.drain()
    await retained.stop()
  }
  const listeners = (listening = await startListeners({
    ...deps,
    admission,
    onRefused: (reason) => metrics.refused.inc({ reason }),
    onSocket: serve,
  }).catch(async (error: unknown) => {
    admission.stop()
    await stopParts()
    throw error
  }))

  const stopAll = async (): Promise<void> => {
    listeners.close()
    admission.stop()
    await stopParts()
  }
  let stopping: Promise<void> | undefined
  return {
    host: listeners.host,
    port: listeners.port,
    tlsPort: listeners.tlsPort,
    connections: () => guards.size,
    status,
    stop: () => (stopping ??= within(stopWithinMs, stopAll())),
  }
}
