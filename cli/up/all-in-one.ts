import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadKeys, startApi } from '../../api/index.ts'
import { operationsAddress, type Settings } from '../../config/index.ts'
import { LarderError, type DeadLetterReason, type SystemStatus } from '../../domain/index.ts'
import { startGateway } from '../../gateway/index.ts'
import { startIngestWorker } from '../../ingest/index.ts'
import { readNewestReceivedAt, startMessageLogWorker } from '../../message-log/index.ts'
import { startModelsWorker } from '../../models/index.ts'
import { estimateBasketMinutes, startPlannerWorker } from '../../planner/index.ts'
import {
  broadcastClock,
  compiledUrl,
  createCityClock,
  createMetrics,
  startTogether,
  wallClock,
  type DataFolder,
  type Logger,
  type Stage,
  type StopList,
} from '../../runtime/index.ts'
import {
  createDeviceRegistry,
  startOperationsWorker,
  startSeriesWorker,
} from '../../store/index.ts'
import { createBackups } from '../backup/start-backups.ts'
import { keptElsewhere } from '../backup/kept-elsewhere.ts'
import { startCityProcess, type CityProcess } from './city-process.ts'
import { keepClock, readAnchor } from './clock-file.ts'
import { brakeByIngest } from './ingest-brake.ts'
import { governClock } from './clock-governor.ts'
import { reportLag } from './report-lag.ts'
import { createStatus } from './status.ts'

export interface AllInOne extends Stage {
  /** `http://127.0.0.1:8080` */
  readonly http: string
  /** `mqtt://127.0.0.1:1883`; the address of TLS where there is no other. */
  readonly mqtt: string
  /** `mqtts://127.0.0.1:8883`; null where it does not listen with TLS. */
  readonly mqtts: string | null
  readonly loginLink: string
  /** The owner's key where this start made it; else null. */
  readonly newOwnerKey: string | null
  status(): Promise<SystemStatus>
}

/**
 * Every stage of Larder in this process: sources start last and stop first. Rejects with a sentence where a stage cannot
 * start, with all that had started stopped again.
 */
export function startAllInOne(deps: {
  readonly settings: Settings
  readonly folder: DataFolder
  readonly logger: Logger
  readonly onFatal: (error: LarderError) => void
}): Promise<AllInOne> {
  return startTogether(deps.logger, (stops) => compose(deps, stops))
}

async function compose(
  { settings, folder, logger, onFatal }: Parameters<typeof startAllInOne>[0],
  stops: StopList,
): Promise<AllInOne> {
  const isSimulated = settings.city.sim === 'city' || settings.city.replay !== ''
  if (isSimulated && !settings.mqtt.plaintext)
    throw new LarderError(
      'RT_SETTINGS_INVALID',
      'The simulated city speaks MQTT without TLS, and mqtt.plaintext is off. Start with --sim none, or set it on.',
    )
  const keys = loadKeys(folder.path, { wantSim: isSimulated, ...settings.api })
  const onDeath = onFatal
  const logLevel = settings.log.level
  const metrics = createMetrics()

  const clock = createCityClock(
    readAnchor(folder.file('clock.json'), {
      ...settings.city,
      newestKeptAt: () => readNewestReceivedAt(folder.file('log.db')),
    }),
  )
  const isFast = clock.anchor().speed > 1
  const kept = keepClock(clock, folder.file('clock.json'), (error) =>
    logger.error({ err: error }, 'the time of the city clock could not be kept'),
  )
  stops.add('the clock', () => kept.stop())
  // Before a worker copies it: a copy that ran on while the history is imported would be hours ahead of the others.
  if (isSimulated && isFast) clock.setWaiting(true)
  const anchor = clock.anchor()
  const broadcast = broadcastClock(clock)
  stops.add('the clock broadcast', () => broadcast.stop())

  const log = await startMessageLogWorker({
    file: folder.file('log.db'),
    settings: settings.messageLog,
    clock,
    clockSpeed: settings.city.speed,
    logger,
    onDeath,
  })
  stops.add('the message log', () => log.stop())
  const operations = startOperationsWorker({
    file: folder.file('operations.db'),
    url: operationsAddress(settings.operations),
    onDeath,
  })
  stops.add('the operations store', () => operations.stop())
  await operations.store.applied('start')

  const ingest = startIngestWorker({
    logPort: log.connect(),
    operationsPort: operations.connect(),
    seriesFile: folder.file('series.db'),
    anchor,
    clockSpeed: settings.city.speed,
    settings,
    logLevel,
    onDeath,
  })
  stops.add('ingest', () => ingest.stop())
  await ingest.series.watermarks()
  const series = startSeriesWorker({ file: folder.file('series.db'), readonly: true, onDeath })
  stops.add('the series reader', () => series.stop())

  const planner = startPlannerWorker({
    operationsPort: operations.connect(),
    seriesPort: series.connect(),
    anchor,
    settings: settings.planner,
    autoApproveMinutes: isSimulated ? settings.city.autoApproveMinutes : 0,
    keepDays: settings.operations.keepDays,
    clockSpeed: settings.city.speed,
    logLevel,
    onDeath,
  })
  stops.add('the planner', () => planner.stop())
  const models = startModelsWorker({
    operationsPort: operations.connect(),
    seriesPort: series.connect(),
    anchor,
    settings: settings.models,
    folder: folder.file('models'),
    seed: settings.seed,
    logLevel,
    onDeath,
  })
  stops.add('the models', () => models.stop())

  const governor = governClock(clock, {
    isFast,
    lagMs: async () => (await ingest.status()).lagMs,
    everyMs: 500,
    onError: (error) => logger.error({ err: error }, 'the lag of ingest is not known'),
  })
  if (isSimulated) governor.hold('history')
  stops.add('the clock governor', () => governor.stop())

  const wallLag = {
    lagMs: async () => (await ingest.status()).lagMs / clock.anchor().speed,
    onError: (error: unknown) => logger.debug({ err: error }, 'the lag of ingest is not known'),
  }
  const reports = reportLag({
    ...wallLag,
    ...{ operations: operations.store, now: () => wallClock.now(), everyMs: 4_000 },
  })
  stops.add('the reports of ingest', () => reports.stop())
  const brake = brakeByIngest({ ...wallLag, everyMs: 100 })
  stops.add('the brake', () => brake.stop())
  const gateway = await startGateway({
    brakeMs: () => brake.brakeMs(),
    settings: settings.mqtt,
    identity: settings.gateway,
    messageLogSettings: settings.messageLog,
    log: log.log,
    registry: createDeviceRegistry(operations.store),
    clock,
    wall: wallClock,
    logger,
    metrics,
  })
  stops.add('the gateway', () => gateway.stop())

  let city: CityProcess | null = null
  const status = createStatus({
    clock,
    governor,
    ingest,
    models,
    planner,
    gateway,
    city: () => city,
  })
  const backups = createBackups({
    data: resolve(folder.path),
    connectLog: () => log.connect(),
    elsewhere: keptElsewhere(settings),
    logger,
  })
  stops.add('a backup', () => backups.stop())
  const api = await startApi({
    backups,
    operations: operations.store,
    series: series.store,
    seriesWriter: ingest.series,
    clock,
    wall: wallClock,
    keys,
    settings: { ...settings.http, ...settings.api },
    simulated: isSimulated,
    status,
    metricsText: async () =>
      (
        await Promise.all([
          metrics.metrics(),
          ingest.metricsText(),
          models.metricsText(),
          planner.metricsText(),
        ])
      ).join('\n'),
    boardFolder: fileURLToPath(compiledUrl('../../board', import.meta.url)),
    logger,
    replayDeadLetters: (reason) => ingest.replayDeadLetters(reason as DeadLetterReason | undefined),
    estimateBasketMinutes,
    host: settings.http.host,
    port: settings.http.port,
  })
  stops.add('the API', () => api.stop())

  if (isSimulated) {
    const started = startCityProcess({
      args: cityArguments(settings, folder, { http: api.url, mqttPort: gateway.port }),
      logger,
      onRunning: () => governor.release('history'),
      // Without its history and devices there would be nothing to show: a city that never ran ends the start.
      onExit: (words, hasRun) => {
        const said = `The simulated city ${words}`
        if (!hasRun) onFatal(new LarderError('RT_WRONG_STATE', said))
        else logger.error(`${said}. Larder goes on without it; start again to bring it back.`)
      },
    })
    city = started
    stops.add('the simulated city', () => started.stop())
  }

  const mqtts = `mqtts://${settings.mqtt.host}:${gateway.tlsPort}`
  return {
    http: api.url,
    mqtt: gateway.port === 0 ? mqtts : `mqtt://${settings.mqtt.host}:${gateway.port}`,
    mqtts: gateway.tlsPort === 0 ? null : mqtts,
    loginLink: api.createLoginLink(),
    newOwnerKey: keys.isNew ? keys.owner : null,
    status,
    stop: () => stops.stop(),
  }
}

function cityArguments(
  settings: Settings,
  folder: DataFolder,
  at: { readonly http: string; readonly mqttPort: number },
): readonly string[] {
  return [
    ...['--api', at.http],
    ...['--mqtt', `${settings.mqtt.host}:${at.mqttPort}`],
    ...['--key-file', folder.file('sim.key')],
    ...['--data', folder.path],
    ...['--seed', String(settings.seed)],
    ...['--history-days', String(settings.city.historyDays)],
    ...['--size', settings.city.size],
    ...(settings.city.replay === '' ? [] : ['--replay', settings.city.replay]),
  ]
}
