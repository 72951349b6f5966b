import {
  dayMs,
  errorMessage,
  hourMs,
  LarderError,
  minuteMs,
  type Clock,
  type ForecastTarget,
  type Progress,
  type StageStatus,
} from '../domain/index.ts'
import type { Settings } from '../config/index.ts'
import type { Logger, Registry as Metrics, Stage } from '../runtime/index.ts'
import type { OperationsStore, SeriesStore } from '../store/index.ts'
import { fallbackName, makeForecasts, type Server } from './forecast-round.ts'
import type { History } from './forecaster.ts'
import { readCityDemand, readCityFootfall, trimHistory, type Span } from './history/index.ts'
import { createNetworkForecaster } from './network-forecaster.ts'
import type { NetworkModel } from './network-model.ts'
import { createCounters } from './models-metrics.ts'
import { createRegistry } from './registry.ts'
import { loadTensorFlow, type BackendChoice } from './tf.ts'
import { trainModel, type TrainingOptions } from './training.ts'
import { leastTrainingHours } from './training-plan.ts'

export interface ModelsDeps {
  readonly series: SeriesStore
  readonly operations: OperationsStore
  /** The city's. */
  readonly clock: Clock
  /** The wall's: limits of training, pauses. */
  readonly wall: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly settings: Settings['models']
  /** Trained versions live here. */
  readonly folder: string
  readonly seed: number
  readonly onProgress?: ((progress: Progress | null) => void) | undefined
  /** Where training runs; in this thread where absent. */
  readonly train?: Train | undefined
}

export interface TrainingRequest extends Pick<TrainingOptions, 'until' | 'seed' | 'maxMinutes'> {
  readonly backend: BackendChoice
}

export type Train = (
  history: History,
  request: TrainingRequest,
  run: { readonly signal: AbortSignal; readonly onProgress: (progress: Progress) => void },
) => Promise<NetworkModel>

export interface ModelsStatus extends Pick<StageStatus, 'ready' | 'words'> {
  readonly progress: Progress | null
}

const targets = ['demand', 'footfall'] as const
const lookBackDays = 29
const trainingDays = 60
/** Wall time between looks at watermarks, and between looks for series that had no history yet. */
const watermarkPauseMs = 250
const newSeriesPauseMs = 15_000
const longestNewSeriesPauseMs = 300_000
/** Wall time between tries to train while there is too little history. */
const demandTrainingPauseMs = 3_000
const otherTrainingPauseMs = 30_000
/** Sites that are ready wait so long, by the wall, for the others of their hour. */
const gatherMs = 1_000
/** Hour of the day at which the network is trained again, by the first site's clock. */
const retrainHour = 3

/**
 * Forecasts every series once an hour of the city clock, each site when its data have come up to the hour, and trains in the
 * background. Where the clock runs faster than the work, the hours in between are left out, never queued.
 */
export function startModels(deps: ModelsDeps): Stage & { status(): ModelsStatus } {
  const { clock, wall, logger, settings, operations } = deps
  const stopping = new AbortController()
  const { signal } = stopping
  const registry = createRegistry(deps.folder, operations, logger)
  const servers = new Map<ForecastTarget, Server & { dispose(): void }>()
  const counters = createCounters(deps.metrics)
  let progress: Progress | null = null
  let words = 'Starting.'
  let isReady = false
  /** The forecasts of this hour were made by what served before. */
  let isStale = false
  let nap = new AbortController()

  const setProgress = (next: Progress | null): void => {
    progress = next
    deps.onProgress?.(next)
  }
  const read = (target: ForecastTarget, span: Span): Promise<History> =>
    target === 'footfall' ? readCityFootfall(deps, span) : readCityDemand(deps, span)
  const pause = (ms: number): Promise<void> => wall.sleepUntil(wall.now() + ms, { signal })

  /** Sleeps until its time or until another network serves. */
  const rest = async (sleep: (signal: AbortSignal) => Promise<void>): Promise<void> => {
    nap = new AbortController()
    try {
      await sleep(AbortSignal.any([signal, nap.signal]))
    } catch {
      signal.throwIfAborted()
    }
  }

  const trainHere: Train = async (history, { backend, ...request }, run) =>
    trainModel(await loadTensorFlow(backend), history, { ...request, ...run, clock: wall })
  const train = deps.train ?? trainHere

  const serve = async (model: NetworkModel): Promise<void> => {
    const { target, version, label } = model.version
    if (target === 'temperature') return
    const tensorFlow = await loadTensorFlow(settings.backend)
    const forecaster = createNetworkForecaster(tensorFlow, { ...model, name: version })
    servers.get(target)?.dispose()
    servers.set(target, { forecaster, version, label, dispose: () => forecaster.dispose() })
    logger.info({ version, label, scores: model.version.scores }, 'model serves')
    isStale = true
    nap.abort(new LarderError('RT_STOPPED', 'Another network serves.'))
  }

  /** One look at an origin: what is ready is forecast. Answers the sites still waited for. */
  const forecastReady = async (
    origin: number,
    done: Set<string>,
    isLastCall: boolean,
  ): Promise<{ waiting: number; series: number }> => {
    const span = { from: origin - lookBackDays * dayMs, to: origin }
    const histories = await Promise.all(targets.map((target) => read(target, span)))
    const watermarks = await deps.series.watermarks()
    const sites = new Set(histories.flatMap(({ series }) => series.map(({ site }) => site)))
    const ready = new Map<string, { graced: boolean }>()
    let waiting = 0
    for (const site of sites) {
      const mark = watermarks.get(site)
      const hasPassed = mark !== undefined && mark >= origin
      // A site that never sent anything has nothing to wait for: its history was imported.
      if (hasPassed || isLastCall || mark === undefined) ready.set(site, { graced: !hasPassed })
      else waiting++
    }
    const issuedAt = clock.now()
    for (const history of histories) {
      const target = history.target
      const forecasts = makeForecasts(
        history,
        origin,
        servers.get(target) ?? null,
        ready,
        issuedAt,
      ).filter(({ id }) => !done.has(id))
      if (forecasts.length === 0) continue
      await operations.saveForecasts(forecasts)
      for (const { id } of forecasts) done.add(id)
      counters.forecasts.inc({ target }, forecasts.length)
    }
    return { waiting, series: histories[0]?.series.length ?? 0 }
  }

  const waitForSites = async (origin: number): Promise<void> => {
    const graceEnds = origin + settings.graceMinutes * minuteMs
    const sites = (await operations.all('sites')).map(({ id }) => id)
    let firstReadyAt: number | null = null
    while (clock.now() < graceEnds) {
      const watermarks = await deps.series.watermarks()
      const behind = sites.filter((site) => (watermarks.get(site) ?? Infinity) < origin)
      if (behind.length === 0) return
      if (behind.length < sites.length) firstReadyAt ??= wall.now()
      if (firstReadyAt !== null && wall.now() - firstReadyAt > gatherMs) return
      await pause(watermarkPauseMs)
    }
  }

  /** Ends when every series has its forecast, the hour is over, or another network serves. */
  const forecastHour = async (origin: number): Promise<void> => {
    const done = new Set<string>()
    const graceEnds = origin + settings.graceMinutes * minuteMs
    const pairs = await countStorePairs(operations)
    let newSeriesPause = newSeriesPauseMs
    // Whoever waits for readings works: a start just after the hour would not be ready for all of the grace.
    isReady = true
    await waitForSites(origin)
    while (clock.now() < origin + hourMs) {
      const { waiting, series } = await forecastReady(origin, done, clock.now() >= graceEnds)
      counters.series.set(series)
      describe(series)
      if (isStale || (waiting === 0 && series > 0 && series >= pairs)) return
      if (waiting > 0) await pause(watermarkPauseMs * 4)
      else {
        await rest((nap) => wall.sleepUntil(wall.now() + newSeriesPause, { signal: nap }))
        newSeriesPause = Math.min(newSeriesPause * 2, longestNewSeriesPauseMs)
      }
    }
  }

  const describe = (series: number): void => {
    const server = servers.get('demand')
    words =
      series === 0
        ? 'No series has any sales yet: import a history or connect a till.'
        : server
          ? `tfjs:${server.version} (${server.label}) serves ${series} series.`
          : `${fallbackName} serves ${series} series until a network is trained${settings.enabled ? '' : ' (models.enabled is off)'}.`
  }

  const forecastForever = async (): Promise<void> => {
    let last = -Infinity
    while (!signal.aborted) {
      const origin = hourMs * Math.floor(clock.now() / hourMs)
      if (origin <= last && !isStale) {
        await rest((nap) => clock.sleepUntil(last + hourMs, { signal: nap }))
        continue
      }
      const skipped = Math.round((origin - last) / hourMs) - 1
      if (Number.isFinite(skipped) && skipped > 0) counters.skipped.inc(skipped)
      last = origin
      isStale = false
      try {
        await forecastHour(origin)
      } catch (error) {
        signal.throwIfAborted()
        words = `The last forecast failed: ${errorMessage(error)} It is tried again next hour.`
        logger.error({ err: error, origin }, 'forecast failed')
        await pause(1_000)
      }
    }
  }

  /** False where there is too little history yet. */
  const trainOnce = async (target: ForecastTarget): Promise<boolean> => {
    const to = hourMs * Math.floor(clock.now() / hourMs)
    const history = trimHistory(await read(target, { from: to - trainingDays * dayMs, to }))
    if (history.hours < leastTrainingHours || history.series.length === 0) return false
    const startedAt = wall.now()
    try {
      const { backend, maxMinutes } = settings
      const request = { until: to, seed: deps.seed, maxMinutes, backend }
      const trained = await train(history, request, { signal, onProgress: setProgress })
      const model = { ...trained, version: { ...trained.version, trainedAt: clock.now() } }
      const before = servers.get(target)
      const takesOver = before?.label !== 'proven' || model.version.label === 'proven'
      await registry.add(model, { serve: takesOver, at: clock.now() })
      if (takesOver) await serve(model)
      counters.trainingSeconds.set({ target }, (wall.now() - startedAt) / 1000)
      return true
    } finally {
      setProgress(null)
    }
  }

  const trainForever = async (): Promise<void> => {
    if (!settings.enabled) return
    for (const target of targets) {
      const model = await registry.serving(target)
      if (model) await serve(model)
    }
    while (!signal.aborted) {
      try {
        for (const target of targets) {
          if (servers.has(target) && !(await isNight())) continue
          await trainOnce(target)
        }
      } catch (error) {
        signal.throwIfAborted()
        if (error instanceof LarderError && error.code === 'RT_SETTINGS_INVALID') throw error
        logger.error({ err: error }, 'training failed, the serving forecaster goes on')
      }
      if (!servers.has('demand')) await pause(demandTrainingPauseMs)
      else if (!servers.has('footfall')) await pause(otherTrainingPauseMs)
      else await clock.sleepUntil(hourMs * (Math.floor(clock.now() / hourMs) + 1), { signal })
    }
  }

  const isNight = async (): Promise<boolean> => {
    const [site] = await operations.all('sites')
    const hour = new Intl.DateTimeFormat('en-GB', {
      timeZone: site?.timeZone ?? 'UTC',
      hour: '2-digit',
      hourCycle: 'h23',
    }).format(clock.now())
    return Number(hour) === retrainHour
  }

  const quietly = (work: Promise<void>): Promise<void> =>
    work.catch((error: unknown) => {
      if (signal.aborted) return
      words = `Stopped working: ${errorMessage(error)}`
      isReady = false
      logger.error({ err: error }, 'models stopped working')
    })
  const running = [quietly(forecastForever()), quietly(trainForever())]

  return {
    status: () => ({ ready: isReady, words, progress }),
    async stop() {
      stopping.abort()
      await Promise.all(running)
      for (const server of servers.values()) server.dispose()
      servers.clear()
    },
  }
}

async function countStorePairs(operations: OperationsStore): Promise<number> {
  const sites = await operations.all('sites')
  const stores = new Set(sites.filter(({ kind }) => kind === 'store').map(({ id }) => id))
  const planograms = await operations.all('planograms')
  return new Set(
    planograms
      .filter(({ site }) => stores.has(site))
      .map(({ site, product }) => `${site}/${product}`),
  ).size
}
