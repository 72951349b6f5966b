import { dayMs, quantileLevels } from '../domain/index.ts'
import { calibrate } from './calibration.ts'
import { createExplainer } from './explain/index.ts'
import {
  createInputBuilder,
  inputNames,
  towardsStep,
  type Expectation,
  type InputRows,
  hourUnit,
} from './features/index.ts'
import { emptyBatch, hasKnownHour } from './forecast-batch.ts'
import type { ForecastBatch, Forecaster, History } from './forecaster.ts'
import { createEnsemble, type EnsembleAnswers } from './network-ensemble.ts'
import type { NetworkModel } from './network-model.ts'
import {
  applyFactors,
  hasRecentErrors,
  recentFactors,
  seriesInStock,
  type RecentMeans,
} from './recent-errors.ts'
import type { TensorFlow } from './tf.ts'

const levels = quantileLevels.length
/** So many series are forecast at a time: their inputs are the largest thing in memory. */
const blockRows = 4096

/** What of a model is needed to forecast. */
export type ForecastingModel = Pick<
  NetworkModel,
  'shape' | 'layout' | 'means' | 'deviations' | 'members' | 'calibration'
>

/** Forecasts with trained networks. `dispose` frees their tensors. */
export function createNetworkForecaster(
  { tf }: TensorFlow,
  model: ForecastingModel & { readonly name: string },
): Forecaster & { dispose(): void } {
  const ensemble = createEnsemble(tf, model)
  if (inputNames(model.layout).length !== model.shape.inputs) {
    throw new Error(`model has ${model.shape.inputs} inputs, its layout makes another number`)
  }
  const explainer = createExplainer(ensemble, {
    layout: model.layout,
    means: model.means,
    normalise: (row) => normalise(row, row.length, model.means, model.deviations),
  })
  const answer = (
    history: History,
    origin: number,
  ): { batch: ForecastBatch; inputs: InputRows } => {
    const inputs = createInputBuilder(history, model.layout).at(origin)
    const { width, expectation, write } = inputs
    const count = history.series.length
    const batch = emptyBatch(origin, count)
    const rows = new Float32Array(Math.min(blockRows, count) * width)
    for (let start = 0; start < count; start += blockRows) {
      const size = Math.min(blockRows, count - start)
      const block = rows.subarray(0, size * width)
      for (let i = 0; i < size; i++) write(start + i, block, i * width)
      normalise(block, width, model.means, model.deviations)
      writeAnswers(batch, history, start, size, expectation, ensemble.answer(block))
    }
    return { batch, inputs }
  }
  /** Only of series that were in stock in some hour: the others tell of no error. One member tells them well enough, at a fraction of the time. */
  const askWitness = (history: History, origin: number): RecentMeans => {
    const { width, expectation, write } = createInputBuilder(history, model.layout).at(origin)
    const means: RecentMeans = {
      origin,
      answered: new Uint8Array(history.series.length),
      hourMean: new Float32Array(history.series.length * 12),
    }
    const wanted = seriesInStock(history, origin).filter(
      (s) => expectation.seen[s]! > 0 || hasKnownHour(history.series[s]!, origin, history.from),
    )
    const rows = new Float32Array(Math.min(blockRows, wanted.length) * width)
    for (let start = 0; start < wanted.length; start += blockRows) {
      const some = wanted.subarray(start, start + blockRows)
      const block = rows.subarray(0, some.length * width)
      for (const [i, s] of some.entries()) write(s, block, i * width)
      normalise(block, width, model.means, model.deviations)
      const answers = ensemble.answer(block, 1)
      for (const [i, s] of some.entries()) {
        means.answered[s] = 1
        writeHourMeans(means.hourMean, s, answers, i, expectation)
      }
    }
    return means
  }
  const predict: typeof answer = (history, origin) => {
    const { batch, inputs } = answer(history, origin)
    if (hasRecentErrors(history, model.layout, origin)) {
      const yesterday = askWitness(history, origin - dayMs)
      applyFactors(batch, recentFactors(history, model.layout, yesterday))
    }
    if (model.calibration) calibrate(batch, model.calibration)
    moveTowardsSteps(batch.quantiles, model.layout.step)
    return { batch, inputs }
  }
  return {
    name: model.name,
    dispose: () => ensemble.dispose(),
    forecast: (history, origin) => predict(history, origin).batch,
    forecastAndExplain(history, origin, most) {
      const { batch, inputs } = predict(history, origin)
      return { ...batch, explanations: explainer.explain(history, inputs, batch, most) }
    },
  }
}

/** Turns the answers of the `size` series from `start` on into amounts. */
function writeAnswers(
  batch: ForecastBatch,
  history: History,
  start: number,
  size: number,
  expectation: Expectation,
  answers: EnsembleAnswers,
): void {
  for (let i = 0; i < size; i++) {
    const s = start + i
    const series = history.series[s]!
    if (expectation.seen[s]! <= 0 && !hasKnownHour(series, batch.origin, history.from)) continue
    const scale = expectation.scale[s]!
    batch.answered[s] = 1
    batch.mean[s] = answers.mean[i]! * scale
    writeScaled(batch.quantiles, s, answers.quantiles, i, scale)
    writeHourMeans(batch.hourMean, s, answers, i, expectation)
    for (let j = 0; j < 12; j++) {
      const unit = hourUnit(expectation.ahead[s * 12 + j]!, scale)
      writeScaled(batch.hourQuantiles, s * 12 + j, answers.hourQuantiles, i * 12 + j, unit)
    }
  }
}

/** The hours of series `s` share out the mean of the total, which is learnt with less noise; `i` is its place in the answers. */
function writeHourMeans(
  into: Float32Array,
  s: number,
  answers: EnsembleAnswers,
  i: number,
  expectation: Expectation,
): void {
  const scale = expectation.scale[s]!
  let sum = 0
  for (let j = 0; j < 12; j++) {
    const amount = answers.hourMean[i * 12 + j]! * hourUnit(expectation.ahead[s * 12 + j]!, scale)
    into[s * 12 + j] = amount
    sum += amount
  }
  const share = sum > 0 ? (answers.mean[i]! * scale) / sum : 0
  for (let j = 0; j < 12; j++) into[s * 12 + j]! *= share
}

function writeScaled(
  into: Float32Array,
  row: number,
  from: Float32Array,
  fromRow: number,
  unit: number,
): void {
  for (let k = 0; k < levels; k++) into[row * levels + k] = from[fromRow * levels + k]! * unit
}

/** Last of all: what is calibrated or averaged before it must not be whole yet. */
export function moveTowardsSteps(quantiles: Float32Array, step: number): void {
  for (let at = 0; at < quantiles.length; at++) quantiles[at] = towardsStep(quantiles[at]!, step)
}

/** In place; a wild input counts as six deviations at most. */
export function normalise(
  rows: Float32Array,
  width: number,
  means: readonly number[],
  deviations: readonly number[],
): void {
  for (let start = 0; start < rows.length; start += width) {
    for (let i = 0; i < width; i++) {
      const value = (rows[start + i]! - means[i]!) / deviations[i]!
      rows[start + i] = value > 6 ? 6 : value < -6 ? -6 : value
    }
  }
}
