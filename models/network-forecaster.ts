import { dayMs, quantileLevels } from '../domain/index.ts'
import { calibrate } from './calibration.ts'
import { createExplainer } from './explain/index.ts'
import {
  createInputBuilder,
  hiddenFactors,
  hourUnit,
  inputNames,
  towardsStep,
  type Expectation,
  type InputBuilder,
  type InputRows,
} from './features/index.ts'
import { emptyBatch, hasKnownHour } from './forecast-batch.ts'
import type { ForecastBatch, Forecaster, History } from './forecaster.ts'
import {
  answerAlone,
  answerTogether,
  batchRows,
  createEnsemble,
  type Answering,
  type EnsembleAnswers,
  type StartHelper,
} from './ensemble/index.ts'
import type { NetworkModel } from './network-model.ts'
import {
  applyFactors,
  hasRecentErrors,
  inStock,
  recentFactors,
  type RecentMeans,
} from './recent-errors.ts'
import type { TensorFlow } from './tf.ts'

const levels = quantileLevels.length
/** With fewer, a helper would hardly be ready before this thread is done. */
const fewestHelped = 10_000

/** What of a model is needed to forecast. */
export type ForecastingModel = Pick<
  NetworkModel,
  'shape' | 'layout' | 'means' | 'deviations' | 'members' | 'calibration'
>

export interface NetworkForecaster extends Forecaster {
  /** Frees its tensors. */
  dispose(): void
}

/** Forecasts with the networks of a version, under its name. */
export function createVersionForecaster(
  tensorFlow: TensorFlow,
  model: NetworkModel,
  startHelper?: StartHelper,
): NetworkForecaster {
  const name = model.version.version
  return createNetworkForecaster(tensorFlow, { ...model, name }, startHelper)
}

/** Forecasts with trained networks; of many series with a helper for as long as it takes, where one can be started. */
export function createNetworkForecaster(
  { tf, backend }: TensorFlow,
  model: ForecastingModel & { readonly name: string },
  startHelper: StartHelper = () => null,
): NetworkForecaster {
  const { layout, means, deviations, members } = model
  if (inputNames(layout).length !== model.shape.inputs) {
    throw new Error(`model has ${model.shape.inputs} inputs, its layout makes another number`)
  }
  const ensemble = createEnsemble(tf, model)
  const explainer = createExplainer(ensemble, {
    ...{ layout, means },
    normalise: (row) => normalise(row, row.length, means, deviations),
  })
  /** `take` is told which series the answers are of, in their order. */
  const ask = (
    answering: Answering,
    { width, write }: InputRows,
    series: Int32Array,
    most: number,
    take: (answers: EnsembleAnswers, some: Int32Array) => void,
  ): void => {
    const rows = new Float32Array(Math.min(batchRows, series.length) * width)
    for (let start = 0; start < series.length; start += batchRows) {
      const some = series.subarray(start, start + batchRows)
      const block = rows.subarray(0, some.length * width)
      for (let i = 0; i < some.length; i++) write(some[i]!, block, i * width)
      normalise(block, width, means, deviations)
      answering.answer(block, most, (answers) => take(answers, some))
    }
  }
  const predict = (
    history: History,
    origin: number,
    answering: Answering,
    wanted: Uint8Array | undefined,
  ): { batch: ForecastBatch; inputs: InputRows } => {
    const builder = createInputBuilder(history, layout)
    const inputs = builder.at(origin)
    const batch = emptyBatch(origin, history.series.length)
    const series = withPast(history, inputs.expectation, origin).filter((s) => wanted?.[s] !== 0)
    ask(answering, inputs, series, members.length, (answers, some) =>
      writeAnswers(batch, some, inputs.expectation, answers),
    )
    const yesterday = hasRecentErrors(history, layout, origin)
      ? recall(history, origin - dayMs, builder, answering)
      : null
    // Before the answers are waited for: a helper is still at work on some.
    const hidden =
      layout.target === 'demand'
        ? hiddenFactors(history, inputs.origin, layout, inputs.expectation)
        : null
    answering.finish()
    if (hidden) applyFactors(batch, hidden)
    if (yesterday) applyFactors(batch, recentFactors(history, layout, yesterday))
    if (model.calibration) calibrate(batch, model.calibration)
    moveTowardsSteps(batch.quantiles, layout.step)
    return { batch, inputs }
  }
  /** Of all series, wanted or not: their errors say something of others. Only of those that were in stock in some hour: the others tell of no error. One member tells them well enough, at a fraction of the time. */
  const recall = (
    history: History,
    origin: number,
    builder: InputBuilder,
    answering: Answering,
  ): RecentMeans => {
    const inputs = builder.at(origin)
    const count = history.series.length
    const means: RecentMeans = {
      origin,
      answered: new Uint8Array(count),
      hourMean: new Float32Array(count * 12),
    }
    const series = inStock(history, withPast(history, inputs.expectation, origin), origin)
    ask(answering, inputs, series, 1, (answers, some) => {
      for (const [i, s] of some.entries()) {
        means.answered[s] = 1
        writeHourMeans(means.hourMean, s, answers, i, inputs.expectation)
      }
    })
    return means
  }
  const withHelp = <T>(history: History, work: (answering: Answering) => T): T => {
    const isLarge = backend === 'wasm' && history.series.length >= fewestHelped
    const helper = isLarge ? startHelper(model) : null
    try {
      return work(helper ? answerTogether(ensemble, helper) : answerAlone(ensemble))
    } finally {
      helper?.stop()
    }
  }
  return {
    name: model.name,
    dispose: () => ensemble.dispose(),
    forecast: (history, origin, wanted) =>
      withHelp(history, (answering) => predict(history, origin, answering, wanted).batch),
    forecastAndExplain: (history, origin, most, wanted) =>
      withHelp(history, (answering) => {
        const { batch, inputs } = predict(history, origin, answering, wanted)
        return { ...batch, explanations: explainer.explain(history, inputs, batch, most) }
      }),
  }
}

/** The series of which anything is known before the origin. */
function withPast(history: History, { seen }: Expectation, origin: number): Int32Array {
  return Int32Array.from(history.series.keys()).filter(
    (s) => seen[s]! > 0 || hasKnownHour(history.series[s]!, origin, history.from),
  )
}

/** Turns the answers of some series into amounts. */
function writeAnswers(
  batch: ForecastBatch,
  some: Int32Array,
  expectation: Expectation,
  answers: EnsembleAnswers,
): void {
  for (const [i, s] of some.entries()) {
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
