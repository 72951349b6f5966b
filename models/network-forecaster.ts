import { quantileLevels } from '../domain/index.ts'
import { buildInputs, inputNames, towardsStep } from './features/index.ts'
import { emptyBatch, hasKnownHour } from './forecast-batch.ts'
import type { Forecaster } from './forecaster.ts'
import { createEnsemble } from './network-ensemble.ts'
import type { NetworkModel } from './network-model.ts'
import type { TensorFlow } from './tf.ts'
import { hourUnit } from './training-rows.ts'

const levels = quantileLevels.length

/** What of a model is needed to forecast. */
export type ForecastingModel = Pick<
  NetworkModel,
  'shape' | 'layout' | 'means' | 'deviations' | 'members'
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
  return {
    name: model.name,
    dispose: () => ensemble.dispose(),
    forecast(history, origin) {
      const { rows, width, expectation } = buildInputs(history, origin, model.layout)
      normalise(rows, width, model.means, model.deviations)
      const answers = ensemble.answer(rows)
      const batch = emptyBatch(origin, history.series.length)
      for (const [s, series] of history.series.entries()) {
        if (expectation.seen[s]! <= 0 && !hasKnownHour(series, origin, history.from)) continue
        const scale = expectation.scale[s]!
        batch.answered[s] = 1
        batch.mean[s] = answers.mean[s]! * scale
        writeScaled(batch.quantiles, answers.quantiles, s, scale)
        moveTowardsSteps(batch.quantiles, s, model.layout.step)
        let hourSum = 0
        for (let j = 0; j < 12; j++) {
          const at = s * 12 + j
          const unit = hourUnit(expectation.month[s * 24 + j]!, scale)
          batch.hourMean[at] = answers.hourMean[at]! * unit
          hourSum += batch.hourMean[at]
          writeScaled(batch.hourQuantiles, answers.hourQuantiles, at, unit)
        }
        // The hours share out the mean of the total, which is learnt with less noise.
        const share = hourSum > 0 ? batch.mean[s] / hourSum : 0
        for (let j = 0; j < 12; j++) batch.hourMean[s * 12 + j]! *= share
      }
      return batch
    },
  }
}

function writeScaled(into: Float32Array, from: Float32Array, row: number, unit: number): void {
  for (let at = row * levels; at < (row + 1) * levels; at++) into[at] = from[at]! * unit
}

/** Last of all: what is calibrated or averaged before it must not be whole yet. */
function moveTowardsSteps(quantiles: Float32Array, row: number, step: number): void {
  for (let at = row * levels; at < (row + 1) * levels; at++) {
    quantiles[at] = towardsStep(quantiles[at]!, step)
  }
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
