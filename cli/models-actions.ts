import { availableParallelism } from 'node:os'
import { dayMs, LarderError } from '../domain/index.ts'
import {
  backtest,
  baselines,
  createVersionForecaster,
  describeCalibration,
  describeReport,
  helpInThread,
  loadModel,
  loadTensorFlow,
  readFootfallHistory,
  readRetailHistory,
  saveModel,
  inThreads,
  trainModel,
  type BackendChoice,
  type Forecaster,
  type History,
  type NetworkModel,
} from '../models/index.ts'
import { wallClock } from '../runtime/index.ts'
import { writeDemandForecasts, writeFootfallForecasts } from './forecast-files.ts'
import type { Exclusion, Target } from './models-options.ts'
import { tryOut } from './out-file.ts'
import { createProgressLine } from './progress-line.ts'
import { originsOf, showReport } from './scored-origins.ts'

export interface TrainOptions {
  history: string
  until: number
  out: string
  exclude?: Exclusion
  seed: number
  maxMinutes: number
  threads?: number
  target: Target
  backend: BackendChoice
  json?: true
}

export async function train(options: TrainOptions): Promise<void> {
  const until = options.until + dayMs
  const history = await readHistory(options.target, options.history, until, options.exclude)
  const tensorFlow = await loadTensorFlow(options.backend)
  const threads =
    options.threads ?? (history.series.length > 2000 ? Math.min(4, availableParallelism()) : 1)
  const abort = new AbortController()
  const line = createProgressLine(process.stderr, () => wallClock.now())
  const stop = (): void =>
    abort.abort(
      new LarderError(
        'RT_STOPPED',
        `Stopped. Run the same command again to go on from the last checkpoint in ${options.out}.`,
      ),
    )
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  let model: NetworkModel
  try {
    model = await trainModel(tensorFlow, history, {
      until,
      seed: options.seed,
      maxMinutes: options.maxMinutes,
      clock: wallClock,
      signal: abort.signal,
      checkpointFolder: options.out,
      ...(threads > 1 ? { crew: inThreads(threads, options.backend) } : {}),
      onProgress: (progress) => line.show(progress),
    })
  } finally {
    line.end()
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
  await saveModel(options.out, model)
  if (options.json) process.stdout.write(`${JSON.stringify(model.version)}\n`)
  else {
    process.stdout.write(
      `${model.version.version} (${model.version.label}) is in ${options.out}.\n` +
        (model.report
          ? `On its last days, before it had seen them:\n${describeReport(model.report)}`
          : '') +
        describeCalibration(model) +
        (model.members.length < model.membersPlanned
          ? `${model.membersPlanned - model.members.length} of ${model.membersPlanned} networks diverged with two seeds and are left out.\n`
          : '') +
        (model.cutShort ? 'The limit of minutes cut training short.\n' : ''),
    )
  }
}

export interface ForecastOptions {
  model: string
  history: string
  origins: readonly number[]
  out: string
  target: Target
  backend: BackendChoice
}

export async function forecast(options: ForecastOptions): Promise<void> {
  await tryOut(options.out)
  const model = await loadModel(options.model)
  checkTarget(model, options.target, options.model)
  // The known inputs of the day after the last origin may be needed; sales after it are never read.
  const history = await readHistory(
    options.target,
    options.history,
    Math.max(...options.origins) + dayMs,
  )
  const forecaster = createVersionForecaster(
    await loadTensorFlow(options.backend),
    model,
    helpInThread(({ message }) => process.stderr.write(`${message} One thread goes on.\n`)),
  )
  const batches = options.origins.map((origin) => forecaster.forecast(history, origin))
  forecaster.dispose()
  const { rows } =
    options.target === 'footfall'
      ? writeFootfallForecasts(options.out, history, batches)
      : writeDemandForecasts(options.out, history, batches)
  if (rows === 0) {
    throw new LarderError(
      'RT_NO_HISTORY',
      'No series has any history before the origins asked for, so there is nothing to forecast from. Check --origins against the days of the file.',
    )
  }
  process.stdout.write(`${rows} forecasts by ${model.version.version} are in ${options.out}.\n`)
}

export interface BacktestOptions {
  history: string
  from: number
  until: number
  model?: string
  hours: readonly number[]
  seed: number
  json?: string
  target: Target
  backend: BackendChoice
}

export async function runBacktest(options: BacktestOptions): Promise<void> {
  if (options.json !== undefined) await tryOut(options.json)
  const history = await readHistory(options.target, options.history, options.until + 2 * dayMs)
  const forecasters: Forecaster[] = [...baselines]
  let seenSites: ReadonlySet<string> | undefined
  if (options.model !== undefined) {
    const model = await loadModel(options.model)
    checkTarget(model, options.target, options.model)
    if (model.version.historyUntil > options.from) {
      process.stderr.write(
        `The model has learnt from days until ${day(model.version.historyUntil - 1)}: its scores on those flatter it.\n`,
      )
    }
    seenSites = new Set(model.sites)
    const tensorFlow = await loadTensorFlow(options.backend)
    forecasters.unshift(createVersionForecaster(tensorFlow, model))
  }
  const report = backtest(history, forecasters, originsOf(options), {
    seed: options.seed,
    seenSites,
  })
  await showReport(report, describeReport, options.json)
}

function readHistory(
  target: Target,
  path: string,
  until: number,
  exclude?: Exclusion,
): Promise<History> {
  return target === 'footfall'
    ? readFootfallHistory(path, { until })
    : readRetailHistory(path, { until, exclude })
}

function checkTarget(model: NetworkModel, target: Target, folder: string): void {
  if (model.version.target === target) return
  throw new LarderError(
    'RT_REQUEST_INVALID',
    `The model in ${folder} forecasts ${model.version.target}: give --target ${model.version.target}.`,
  )
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}
