import { startApi, type ApiDeps, type RunningApi } from '../../api/index.ts'
import { loadSettings } from '../../config/index.ts'
import { minuteMs, type SystemStatus } from '../../domain/index.ts'
import {
  connectFleet,
  createApiClient,
  createCity,
  createFleet,
  createStepper,
  createTransferDriver,
  type City,
  type CityOptions,
  type DeviceMessage,
  type Publisher,
} from '../../firmware-sim/index.ts'
import { introduceCity } from '../../firmware-sim/run/introduce.ts'
import { startGateway } from '../../gateway/index.ts'
import { startIngest, type Ingest } from '../../ingest/index.ts'
import { openSqliteMessageLog } from '../../message-log/index.ts'
import { startModels } from '../../models/index.ts'
import { estimateBasketMinutes, startPlanner } from '../../planner/index.ts'
import {
  createManualClock,
  createMetrics,
  createRandom,
  createStopList,
  silentLogger,
  wallClock,
  type ManualClock,
} from '../../runtime/index.ts'
import {
  createDeviceRegistry,
  createSqliteOperationsStore,
  createSqliteSeriesStore,
  type OperationsStore,
  type SeriesStore,
} from '../../store/index.ts'

const ownerKey = 'owner-key-of-the-tests-0123456789-abcdef'
const simKey = 'sim-key-of-the-tests-0123456789-abcdefgh'

export interface SentMessage extends DeviceMessage {
  /** `site/device` */
  readonly path: string
}

/** The whole of Larder on one thread over the real road, on a clock that moves only with the city. */
export interface SteppedLarder {
  readonly city: City
  readonly clock: ManualClock
  readonly operations: OperationsStore
  readonly series: SeriesStore
  readonly ingest: Ingest
  /** All that the devices sent and got acknowledged. */
  readonly sent: readonly SentMessage[]
  /** Over a socket of its own, as the owner. */
  ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>
  /**
   * Moves city, clock and people on to `at`, a minute at a time; at the end of every step each message has its PUBACK and
   * is applied to the stores.
   */
  stepTo(at: number): Promise<void>
  /** Networks are trained and forecasts made from now on; the clock stands still until it moves again. */
  startModels(maxMinutes: number): void
  startPlanner(): void
  stop(): Promise<void>
}

/** Starts with an empty log in `folder` and tells Larder of the city: master data, devices, stock and its past by import. */
export async function startSteppedLarder(
  folder: string,
  cityOptions: CityOptions,
): Promise<SteppedLarder> {
  const stops = createStopList(silentLogger)
  const settings = loadSettings({ flags: {}, env: {}, file: null })
  const clock = createManualClock(cityOptions.startAt)
  const common = { clock, wall: wallClock, logger: silentLogger }
  const metrics = () => createMetrics({ withProcess: false })
  const random = createRandom(cityOptions.seed)

  const log = openSqliteMessageLog({
    file: `${folder}/log.db`,
    wall: wallClock,
    notice: () => undefined,
  })
  stops.add('log', () => log.close())
  const operations = await createSqliteOperationsStore({ file: ':memory:' })
  stops.add('operations', () => operations.close())
  const series = createSqliteSeriesStore({ file: `${folder}/series.db` })
  stops.add('series', () => series.close())
  const ingest = await startIngest({
    ...{ ...common, log, series, operations, random },
    metrics: metrics(),
    settings: settings.ingest,
  })
  stops.add('ingest', () => ingest.stop())
  const gateway = await startGateway({
    ...{ ...common, log },
    settings: { ...settings.mqtt, port: 0 },
    identity: settings.gateway,
    messageLogSettings: settings.messageLog,
    registry: createDeviceRegistry(operations),
    metrics: metrics(),
  })
  stops.add('gateway', () => gateway.stop())
  const api = await startHttp({ operations, series, clock, settings })
  stops.add('api', () => api.stop())

  const leaving = new AbortController()
  stops.add('calls', () => {
    leaving.abort()
    return Promise.resolve()
  })
  const client = createApiClient({ url: api.url, key: simKey, signal: leaving.signal })
  const city = createCity(cityOptions)
  const fleet = createFleet({ world: city, random })
  const passwords = await introduceCity({
    ...{ api: client, world: city, fleet, passwords: {}, keep: () => undefined, wall: wallClock },
    ...{ runId: 'test', logger: silentLogger, onProgress: () => undefined },
  })
  const links = connectFleet({
    ...{ fleet, passwords, random, unacknowledged: {}, logger: silentLogger },
    url: `mqtt://127.0.0.1:${gateway.port}`,
    onCommand: () => undefined,
  })
  stops.add('devices', () => links.stop(500))
  const sent: SentMessage[] = []
  const publisher: Publisher = {
    ...links,
    publish(publications) {
      for (const { path, payload } of publications)
        for (const message of [JSON.parse(payload) as DeviceMessage | DeviceMessage[]].flat())
          sent.push({ path, ...message })
      links.publish(publications)
    },
  }
  const stepper = createStepper({ world: city, fleet, publisher })
  const driver = createTransferDriver({
    ...{ api: client, world: city, random, logger: silentLogger },
    apply: (command) => stepper.apply(command),
    remember: () => undefined,
  })

  return {
    ...{ city, clock, operations, series, ingest, sent },
    async ask(method: string, path: string, body?: unknown) {
      const answer = await fetch(api.url + path, {
        method,
        headers: {
          authorization: `Bearer ${ownerKey}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(30_000),
      })
      return { status: answer.status, body: await answer.json() }
    },
    async stepTo(at) {
      while (clock.now() < at) {
        const next = Math.min(at, clock.now() + minuteMs)
        await clock.advanceTo(next)
        await stepper.stepTo(next)
        await ingest.drained()
        await driver.act(next)
      }
      // What people did in the last minute moved shelves: that is told too.
      await stepper.stepTo(at)
      await ingest.drained()
    },
    startModels(maxMinutes) {
      const models = startModels({
        ...{ ...common, series, operations, metrics: metrics(), seed: cityOptions.seed },
        settings: { ...settings.models, backend: 'wasm', maxMinutes },
        folder: `${folder}/models`,
      })
      stops.add('models', () => models.stop())
    },
    startPlanner() {
      const planner = startPlanner({
        ...{ ...common, series, operations, metrics: metrics() },
        settings: settings.planner,
        autoApproveMinutes: 0,
        keepDays: settings.operations.keepDays,
        clockSpeed: settings.city.speed,
        passedMs: () => clock.now() / settings.city.speed,
      })
      stops.add('planner', () => planner.stop())
    },
    stop: () => stops.stop(),
  }
}

interface HttpDeps {
  readonly operations: OperationsStore
  readonly series: SeriesStore
  readonly clock: ManualClock
  readonly settings: ReturnType<typeof loadSettings>
}

function apiDeps({ operations, series, clock, settings }: HttpDeps): ApiDeps {
  const anchor = { wallAt: 0, cityAt: clock.now(), speed: 0 }
  const status = (): Promise<SystemStatus> =>
    Promise.resolve({
      ...{ ready: true, stages: [], ingestLagMs: 0, messagesKept: 0, readingsStored: 0 },
      clock: { ...anchor, now: clock.now(), waiting: false },
      progress: null,
    })
  return {
    ...{ operations, series, seriesWriter: series, wall: wallClock, status, estimateBasketMinutes },
    clock: { now: () => clock.now(), anchor: () => anchor, isWaiting: () => false },
    keys: { owner: ownerKey, sim: simKey, isNew: false },
    settings: { ...settings.http, ...settings.api },
    simulated: true,
    metricsText: () => Promise.resolve(''),
    boardFolder: null,
    logger: silentLogger,
    backups: { start: () => Promise.reject(new Error('none here')), list: () => [] },
    replayDeadLetters: () => Promise.resolve({ replayed: 0, stillBad: 0 }),
  }
}

function startHttp(deps: HttpDeps): Promise<RunningApi> {
  return startApi({ ...apiDeps(deps), host: '127.0.0.1', port: 0 })
}
