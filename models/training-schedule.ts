import {
  dayMs,
  hourMs,
  LarderError,
  type Clock,
  type ForecastTarget,
  type Progress,
} from '../domain/index.ts'
import type { Settings } from '../config/index.ts'
import type { Logger } from '../runtime/index.ts'
import type { OperationsStore } from '../store/index.ts'
import type { CityHistories } from './city-histories.ts'
import { targets } from './forecast-hours.ts'
import type { History } from './forecaster.ts'
import { trimHistory } from './history/index.ts'
import type { Counters } from './models-metrics.ts'
import type { NetworkModel } from './network-model.ts'
import type { Registry } from './registry.ts'
import type { Serving } from './serving.ts'
import type { BackendChoice } from './tf.ts'
import type { TrainingOptions } from './training-options.ts'
import { leastTrainingHours } from './training-plan.ts'

export interface TrainingRequest extends Pick<TrainingOptions, 'until' | 'seed' | 'maxMinutes'> {
  readonly backend: BackendChoice
}

/** Where a training runs. */
export type Train = (
  history: History,
  request: TrainingRequest,
  run: { readonly signal: AbortSignal; readonly onProgress: (progress: Progress) => void },
) => Promise<NetworkModel>

const trainingDays = 60
/** Wall time between tries to train while there is too little history. */
const demandTrainingPauseMs = 3_000
const otherTrainingPauseMs = 30_000
/** Hour of the day at which the network is trained again, by the first site's clock. */
const retrainHour = 3

export interface TrainingScheduleDeps {
  readonly operations: Pick<OperationsStore, 'all'>
  readonly histories: CityHistories
  readonly registry: Registry
  readonly serving: Serving
  readonly train: Train
  /** The city's. */
  readonly clock: Clock
  readonly wall: Clock
  readonly logger: Logger
  readonly counters: Counters
  readonly settings: Pick<Settings['models'], 'enabled' | 'backend' | 'maxMinutes'>
  readonly seed: number
  readonly onProgress: (progress: Progress | null) => void
  readonly signal: AbortSignal
}

/** Serves what was learnt before, trains what there is no network for, and trains again each night, until the signal. */
export async function trainForever(deps: TrainingScheduleDeps): Promise<void> {
  const { registry, serving, settings, clock, wall, signal, logger } = deps
  if (!settings.enabled) return
  for (const target of targets) {
    const model = await registry.serving(target)
    if (model) await serving.serve(model)
  }
  while (!signal.aborted) {
    try {
      for (const target of targets) {
        if (serving.get(target) && !(await isNight(deps))) continue
        await trainOnce(deps, target)
      }
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof LarderError && error.code === 'RT_SETTINGS_INVALID') throw error
      logger.error({ err: error }, 'training failed, the serving forecaster goes on')
    }
    const pause = (ms: number): Promise<void> => wall.sleepUntil(wall.now() + ms, { signal })
    if (!serving.get('demand')) await pause(demandTrainingPauseMs)
    else if (!serving.get('footfall')) await pause(otherTrainingPauseMs)
    else await clock.sleepUntil(hourMs * (Math.floor(clock.now() / hourMs) + 1), { signal })
  }
}

/** False where there is too little history yet. */
async function trainOnce(deps: TrainingScheduleDeps, target: ForecastTarget): Promise<boolean> {
  const { histories, registry, serving, settings, clock, wall, signal, onProgress } = deps
  const to = hourMs * Math.floor(clock.now() / hourMs)
  const history = trimHistory(await histories.read(target, { from: to - trainingDays * dayMs, to }))
  if (history.hours < leastTrainingHours || history.series.length === 0) return false
  const startedAt = wall.now()
  try {
    const { backend, maxMinutes } = settings
    const request = { until: to, seed: deps.seed, maxMinutes, backend }
    const trained = await deps.train(history, request, { signal, onProgress })
    const model = { ...trained, version: { ...trained.version, trainedAt: clock.now() } }
    const before = serving.get(target)
    const takesOver = before?.label !== 'proven' || model.version.label === 'proven'
    await registry.add(model, { serve: takesOver, at: clock.now() })
    if (takesOver) await serving.serve(model)
    deps.counters.trainingSeconds.set({ target }, (wall.now() - startedAt) / 1000)
    return true
  } finally {
    onProgress(null)
  }
}

async function isNight({ operations, clock }: TrainingScheduleDeps): Promise<boolean> {
  const [site] = await operations.all('sites')
  const hour = new Intl.DateTimeFormat('en-GB', {
    timeZone: site?.timeZone ?? 'UTC',
    hour: '2-digit',
    hourCycle: 'h23',
  }).format(clock.now())
  return Number(hour) === retrainHour
}
