import { loadKeys, startGatewayApi } from '../api/index.ts'
import type { Settings } from '../config/index.ts'
import type { SystemStatus } from '../domain/index.ts'
import { startMessageLogWorker } from '../message-log/index.ts'
import {
  createMetrics,
  createRandom,
  startTogether,
  wallClock,
  type DataFolder,
  type Logger,
  type Stage,
  type StopList,
} from '../runtime/index.ts'
import { createDeviceRegistry, startOperationsWorker } from '../store/index.ts'
import { startGateway } from './gateway.ts'
import { startDeviceJournal } from './uplink/device-journal.ts'
import { startUplink } from './uplink/start-uplink.ts'
import { createCommandTaker } from './uplink/take-command.ts'

export interface EdgeGateway extends Stage {
  /** `http://127.0.0.1:8080` */
  readonly http: string
  /** `mqtt://127.0.0.1:1883` */
  readonly mqtt: string
}

/**
 * A gateway at the edge: takes what its store's devices say, keeps it in its own log, and forwards it to the hub. Rejects with
 * a sentence where a part cannot start, with all that had started stopped again.
 */
export function startEdgeGateway(deps: {
  readonly settings: Settings
  readonly folder: DataFolder
  readonly logger: Logger
  readonly onFatal: (error: Error) => void
}): Promise<EdgeGateway> {
  return startTogether(deps.logger, (stops) => compose(deps, stops))
}

async function compose(
  { settings, folder, logger, onFatal }: Parameters<typeof startEdgeGateway>[0],
  stops: StopList,
): Promise<EdgeGateway> {
  const metrics = createMetrics()
  const clock = wallClock
  const monotonic = { now: () => performance.now() }
  const identity = settings.gateway

  const log = await startMessageLogWorker({
    ...{ file: folder.file('log.db'), settings: null, clock, logger, onDeath: onFatal },
  })
  stops.add('the message log', () => log.stop())
  const operations = startOperationsWorker({
    file: folder.file('operations.db'),
    onDeath: onFatal,
  })
  stops.add('the operations store', () => operations.stop())
  const { store } = operations
  await store.applied('start')

  const uplink = await startUplink({
    ...{ settings: settings.uplink, identity, log: log.log, clock, monotonic, logger, metrics },
    file: folder.file('uplink.json'),
    onCommand: createCommandTaker({
      ...{ site: identity.site, clock, logger },
      queueCommand: (command) => store.queueCommand(command),
    }),
    random: createRandom(process.pid),
  })
  stops.add('the uplink', () => uplink.stop())
  const journal = startDeviceJournal({
    ...{ log: log.log, monotonic, logger },
    applied: () => store.applied('devices'),
    apply: (news) => store.applyBatch({ ...news, stock: [], deadLetters: [], alarms: [] }),
  })
  stops.add('the journal of devices', () => journal.stop())

  const gateway = await startGateway({
    // What comes in must fit a batch that goes out.
    settings: {
      ...settings.mqtt,
      maxPacketBytes: Math.min(settings.mqtt.maxPacketBytes, settings.uplink.maxPacketBytes),
    },
    messageLogSettings: settings.messageLog,
    registry: createDeviceRegistry(store),
    ...{ identity, log: uplink.log, clock, wall: wallClock, logger, metrics },
  })
  stops.add('the gateway', () => gateway.stop())

  const startedAt = clock.now()
  const status = async (): Promise<SystemStatus> => {
    const stages = [await gateway.status(), uplink.status()]
    const { ends } = await log.log.stats()
    return {
      ready: stages.every(({ ready }) => ready),
      stages,
      clock: { wallAt: startedAt, cityAt: startedAt, speed: 1, now: clock.now(), waiting: false },
      ingestLagMs: 0,
      messagesKept: ends.get(0) ?? 0,
      readingsStored: 0,
      progress: null,
    }
  }
  const api = await startGatewayApi({
    operations: store,
    clock: {
      now: () => clock.now(),
      anchor: () => ({ wallAt: startedAt, cityAt: startedAt, speed: 1 }),
      isWaiting: () => false,
    },
    wall: wallClock,
    keys: loadKeys(folder.path, { wantSim: false }),
    settings: { ...settings.http, ...settings.api },
    simulated: false,
    status,
    metricsText: () => metrics.metrics(),
    logger,
    host: settings.http.host,
    port: settings.http.port,
  })
  stops.add('the API', () => api.stop())
  return {
    http: api.url,
    mqtt:
      gateway.port > 0
        ? `mqtt://${settings.mqtt.host}:${gateway.port}`
        : `mqtts://${settings.mqtt.host}:${gateway.tlsPort}`,
    stop: () => stops.stop(),
  }
}
