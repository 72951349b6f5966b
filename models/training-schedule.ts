import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  dayMs,
  errorMessage,
  hourMs,
  LarderError,
  type Clock,
  type ForecastTarget,
  type Progress,
} from '../domain/index.ts'
import type { Settings } from '../config/index.ts'
import type { OperationsStore } from '../store/index.ts'
import type { CityHistories } from './city-histories.ts'
import { targets } from './forecast-round.ts'
import type { History } from './forecaster.ts'
import { trimHistory } from './history/index.ts'
import { describeBusy, whileIngestKeepsUp, type MakeWayDeps } from './make-way.ts'
import type { Counters } from './models-metrics.ts'
import { replaceFile, type NetworkModel } from './network-model.ts'
import type { Registry } from './registry.ts'
import { decideRollout, shadowDays } from './rollout.ts'
import type { Serving } from './serving.ts'
import type { BackendChoice } from './tf.ts'
import { leastTrainingHours, type TrainingOptions } from './training/index.ts'

export interface TrainingRequest extends Pick<
  TrainingOptions,
  'until' | 'seed' | 'maxMinutes' | 'checkpointFolder' | 'against'
> {
  readonly backend: BackendChoice
  /** Others go first: something serves while it runs. */
  readonly isBackground: boolean
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
/** Hours of the first site's night in which a network is trained again, and how old the last one's data must be. */
const nightHours = { from: 2, until: 6 } as const
const oldMs = 20 * hourMs
/** So old, and it is trained at any hour. */
const tooOldMs = 44 * hourMs

export interface TrainingScheduleDeps extends MakeWayDeps {
  readonly operations: Pick<OperationsStore, 'all' | 'stageReports'>
  readonly histories: CityHistories
  readonly registry: Registry
  readonly serving: Serving
  readonly train: Train
  /** The city's. */
  readonly clock: Clock
  readonly counters: Counters
  readonly settings: Pick<Settings['models'], 'enabled' | 'backend' | 'maxMinutes'>
  readonly folder: string
  readonly seed: number
  readonly onProgress: (progress: Progress | null) => void
  readonly signal: AbortSignal
}

export interface TrainingSchedule {
  /** Until the signal: trains what there is no network for, and again each night. */
  run(): Promise<void>
  /** What became of the last training, or why there is none; null where all is as it should be. */
  words(): string | null
  /** Why no network serves. */
  whyNone(target: ForecastTarget): string
}

export function createTrainingSchedule(deps: TrainingScheduleDeps): TrainingSchedule {
  const { serving, settings, clock, wall, signal, logger } = deps
  const words = new Map<ForecastTarget, string>()
  const why = new Map<ForecastTarget, string>()

  const putOff = (target: ForecastTarget, reason: string): void => {
    words.set(target, `Training of ${target} is put off: ${reason} It is tried again next hour.`)
  }

  const trainNext = async (target: ForecastTarget): Promise<void> => {
    // Where a person took out what served, the next night is soon enough.
    const isKept = (await deps.registry.list(target)).some(
      ({ state, servedUntil }) => state === 'standby' && servedUntil !== null,
    )
    if (serving.get(target) || isKept) {
      if (!(await isDue(deps, target))) return
      const busy = await describeBusy(deps)
      if (busy !== null) {
        putOff(target, busy)
        return
      }
    }
    words.delete(target)
    try {
      const short = await trainOnce(deps, target)
      if (short !== null) why.set(target, short)
    } catch (error) {
      if (signal.aborted || !(error instanceof LarderError) || error.code !== 'RT_STOPPED')
        throw error
      putOff(target, `${error.message} What it has learnt is kept.`)
    }
  }

  return {
    words: () => (words.size > 0 ? [...words.values()].join(' ') : null),
    whyNone: (target) =>
      settings.enabled
        ? (why.get(target) ?? `No network of ${target} is trained yet.`)
        : 'Networks are switched off (models.enabled), so a baseline serves.',
    async run() {
      if (!settings.enabled) return
      while (!signal.aborted) {
        for (const target of targets) {
          try {
            await trainNext(target)
          } catch (error) {
            signal.throwIfAborted()
            if (error instanceof LarderError && error.code === 'RT_SETTINGS_INVALID') throw error
            const failure = `The last training of ${target} failed: ${errorMessage(error)}`
            words.set(target, failure)
            why.set(target, failure)
            logger.error({ err: error }, 'training failed, the serving forecaster goes on')
          }
        }
        const pause = (ms: number): Promise<void> => wall.sleepUntil(wall.now() + ms, { signal })
        if (!serving.get('demand')) await pause(demandTrainingPauseMs)
        else if (!serving.get('footfall')) await pause(otherTrainingPauseMs)
        else await clock.sleepUntil(hourMs * (Math.floor(clock.now() / hourMs) + 1), { signal })
      }
    },
  }
}

/** Null where it trained, else why there is nothing to train on. */
async function trainOnce(
  deps: TrainingScheduleDeps,
  target: ForecastTarget,
): Promise<string | null> {
  const { histories, registry, serving, settings, clock, wall, signal, onProgress } = deps
  const checkpointFolder = join(deps.folder, `training-${target}`)
  const until = await keepUntil(checkpointFolder, hourMs * Math.floor(clock.now() / hourMs))
  const span = { from: until - trainingDays * dayMs, to: until }
  const history = trimHistory(await histories.read(target, span))
  if (history.hours < leastTrainingHours || history.series.length === 0) {
    await rm(checkpointFolder, { recursive: true, force: true })
    const days = history.series.length === 0 ? 0 : Math.floor(history.hours / 24)
    return `No network of ${target} is trained yet: ${days} of the ${leastTrainingHours / 24} days of history that training needs are there.`
  }
  const startedAt = wall.now()
  try {
    const present = serving.get(target)
    const { backend, maxMinutes } = settings
    const against = present ? [present.model] : []
    const isBackground = present !== null
    const request = { until, seed: deps.seed, maxMinutes, backend, checkpointFolder, against }
    const train = (signal: AbortSignal): Promise<NetworkModel> =>
      deps.train(history, { ...request, isBackground }, { signal, onProgress })
    const trained = await (isBackground ? whileIngestKeepsUp(deps, signal, train) : train(signal))
    const model = { ...trained, version: { ...trained.version, trainedAt: clock.now() } }
    const shadow = serving.shadow(target)
    const isShadowFree = !shadow || clock.now() - shadow.registered.stateSince >= shadowDays * dayMs
    // What serves may have changed while it trained: then the comparison is missing, and it stands by.
    const verdict = decideRollout(target, model.report, {
      serving: serving.get(target)?.registered ?? null,
      isShadowFree,
    })
    await registry.add(model, verdict, clock.now())
    await serving.follow()
    deps.counters.trainingSeconds.set({ target }, (wall.now() - startedAt) / 1000)
    await rm(checkpointFolder, { recursive: true, force: true })
    return null
  } finally {
    onProgress(null)
  }
}

/** The day that an interrupted training learnt until, as long as it is not too long ago: else this one. */
async function keepUntil(checkpointFolder: string, now: number): Promise<number> {
  const file = join(checkpointFolder, 'until.json')
  try {
    const kept = JSON.parse(await readFile(file, 'utf8')) as { until?: unknown }
    if (typeof kept.until === 'number' && kept.until <= now && now - kept.until < dayMs)
      return kept.until
  } catch {
    // None is kept.
  }
  await mkdir(checkpointFolder, { recursive: true })
  await replaceFile(file, JSON.stringify({ until: now }))
  return now
}

async function isDue(
  { registry, operations, clock }: TrainingScheduleDeps,
  target: ForecastTarget,
): Promise<boolean> {
  const newest = Math.max(...(await registry.list(target)).map((model) => model.historyUntil))
  const age = clock.now() - newest
  if (age < oldMs) return false
  if (age >= tooOldMs) return true
  const [site] = await operations.all('sites')
  const hour = Number(
    new Intl.DateTimeFormat('en-GB', {
      timeZone: site?.timeZone ?? 'UTC',
      hour: '2-digit',
      hourCycle: 'h23',
    }).format(clock.now()),
  )
  return hour >= nightHours.from && hour < nightHours.until
}
