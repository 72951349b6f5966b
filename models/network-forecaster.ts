import { quantileLevels } from '../domain/index.ts'
import { buildInputs, inputNames } from './features/index.ts'
import { emptyBatch, hasKnownHour } from './forecast-batch.ts'
import type { Forecaster } from './forecaster.ts'
import { createNetwork, writeWeights } from './network/index.ts'
import type { NetworkModel } from './network-model.ts'
import type { TensorFlow } from './tf.ts'
import { hourUnit } from './training-rows.ts'

const levels = quantileLevels.length
/** Larger batches gain nothing (design measurements on WebAssembly), smaller ones lose. */
const batchRows = 4096

/** Forecasts with a trained network. `dispose` frees its tensors. */
export function createNetworkForecaster(
  { tf }: TensorFlow,
  model: Pick<NetworkModel, 'shape' | 'layout' | 'means' | 'deviations' | 'weights'> & {
    readonly name: string
  },
): Forecaster & { dispose(): void } {
  const network = createNetwork(tf, model.shape, 0)
  writeWeights(tf, network, model.weights)
  if (inputNames(model.layout).length !== model.shape.inputs) {
    throw new Error(`model has ${model.shape.inputs} inputs, its layout makes another number`)
  }
  return {
    name: model.name,
    dispose: () => network.dispose(),
    forecast(history, origin) {
      const { rows, width, expectation } = buildInputs(history, origin, model.layout)
      normalise(rows, width, model.means, model.deviations)
      const batch = emptyBatch(origin, history.series.length)
      for (let start = 0; start < history.series.length; start += batchRows) {
        const end = Math.min(start + batchRows, history.series.length)
        const parts = tf.tidy(() => {
          const inputs = tf.tensor2d(rows.subarray(start * width, end * width), [
            end - start,
            width,
          ])
          const out = network.forward(inputs)
          return [out.quantiles, out.mean, out.hourQuantiles, out.hourMean].map(
            (tensor) => tensor.dataSync() as Float32Array,
          )
        })
        const [quantiles, mean, hourQuantiles, hourMean] = parts
        for (let s = start; s < end; s++) {
          if (
            expectation.seen[s]! <= 0 &&
            !hasKnownHour(history.series[s]!, origin, history.from)
          ) {
            continue
          }
          const i = s - start
          const scale = expectation.scale[s]!
          batch.answered[s] = 1
          batch.mean[s] = mean![i]! * scale
          writeRising(batch.quantiles, s, quantiles!, i, scale)
          let hourSum = 0
          for (let j = 0; j < 12; j++) {
            const unit = hourUnit(expectation.month[s * 24 + j]!, scale)
            batch.hourMean[s * 12 + j] = hourMean![i * 12 + j]! * unit
            hourSum += batch.hourMean[s * 12 + j]!
            writeRising(batch.hourQuantiles, s * 12 + j, hourQuantiles!, i * 12 + j, unit)
          }
          // The hours share out the mean of the total, which is learnt with less noise.
          for (let j = 0; j < 12; j++) {
            batch.hourMean[s * 12 + j]! *= hourSum > 0 ? batch.mean[s]! / hourSum : 0
          }
        }
      }
      return batch
    },
  }
}

/** Sums in another order may differ in the last bit, so the running maximum keeps quantiles from crossing by a rounding. */
function writeRising(
  into: Float32Array,
  row: number,
  from: Float32Array,
  fromRow: number,
  unit: number,
): void {
  let largest = 0
  for (let k = 0; k < levels; k++) {
    largest = Math.max(largest, from[fromRow * levels + k]! * unit)
    into[row * levels + k] = largest
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
