import type { Tensor } from '@tensorflow/tfjs'
import { quantileLevels } from '../../domain/index.ts'
import { createNetwork, writeWeights } from '../network/index.ts'
import type { NetworkModel } from '../network-model.ts'
import type { Tf } from '../tf.ts'

const levels = quantileLevels.length
/** Larger batches gain nothing and take memory that WebAssembly never gives back; smaller ones lose a quarter. */
export const batchRows = 1024

/** Answers of rows in units of each row's scale, hours in units of `hourUnit`: flat, as in `ForecastBatch`. */
export interface EnsembleAnswers {
  readonly mean: Float32Array
  readonly quantiles: Float32Array
  readonly hourMean: Float32Array
  readonly hourQuantiles: Float32Array
}

export function createAnswers(
  rows: number,
  allocate: (size: number) => Float32Array,
): EnsembleAnswers {
  return {
    mean: allocate(rows),
    quantiles: allocate(rows * levels),
    hourMean: allocate(rows * 12),
    hourQuantiles: allocate(rows * 12 * levels),
  }
}

/** The members of a model as one. `dispose` frees their tensors. */
export interface Ensemble {
  /** `rows` are normalised inputs, one row after the other; only the first `most` members are asked. Quantiles of an answer rise. */
  answer(rows: Float32Array, most?: number): EnsembleAnswers
  dispose(): void
}

/** Averages what the members say, level by level: quantile functions that rise have a mean that rises. */
export function createEnsemble(
  tf: Tf,
  { shape, members }: Pick<NetworkModel, 'shape' | 'members'>,
): Ensemble {
  const networks = members.map(({ seed, weights }) => {
    const network = createNetwork(tf, shape, seed)
    writeWeights(tf, network, weights)
    return network
  })
  return {
    dispose: () => {
      for (const network of networks) network.dispose()
    },
    answer(rows, most) {
      const asked = networks.slice(0, most)
      const width = shape.inputs
      const count = rows.length / width
      const answers = createAnswers(count, (size) => new Float32Array(size))
      for (let start = 0; start < count; start += batchRows) {
        const end = Math.min(start + batchRows, count)
        const inputs = tf.tensor2d(rows.subarray(start * width, end * width), [end - start, width])
        for (const network of asked) {
          // Nothing is returned from the tidy: it would look for tensors in every number of an array.
          tf.tidy(() => {
            const { total, hours } = network.steps(inputs)
            addShare(answers.mean, answers.quantiles, start, total, asked.length)
            addShare(answers.hourMean, answers.hourQuantiles, start * 12, hours, asked.length)
          })
        }
        inputs.dispose()
      }
      addUp(answers.quantiles)
      addUp(answers.hourQuantiles)
      return answers
    },
  }
}

/** Adds a part of a member's steps to the rows from `row` on. */
function addShare(
  mean: Float32Array,
  quantiles: Float32Array,
  row: number,
  steps: Tensor,
  of: number,
): void {
  const values = steps.dataSync()
  for (let i = 0; i < values.length; row++) {
    for (let k = 0; k < levels; k++) quantiles[row * levels + k]! += values[i++]! / of
    mean[row]! += values[i++]! / of
  }
}

/** Turns the steps of each row into its quantiles. No step is below zero, so none cross. */
function addUp(quantiles: Float32Array): void {
  for (let i = 0; i < quantiles.length; i++) {
    if (i % levels > 0) quantiles[i]! += quantiles[i - 1]!
  }
}
