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
            const out = network.forward(inputs)
            addShare(answers.mean, start, out.mean, asked.length)
            addShare(answers.quantiles, start * levels, out.quantiles, asked.length)
            addShare(answers.hourMean, start * 12, out.hourMean, asked.length)
            addShare(answers.hourQuantiles, start * 12 * levels, out.hourQuantiles, asked.length)
          })
        }
        inputs.dispose()
      }
      raise(answers.quantiles)
      raise(answers.hourQuantiles)
      return answers
    },
  }
}

function addShare(into: Float32Array, start: number, tensor: Tensor, of: number): void {
  const part = tensor.dataSync()
  for (let i = 0; i < part.length; i++) into[start + i]! += part[i]! / of
}

/** Sums in another order may differ in the last bit, so the running maximum keeps quantiles from crossing by a rounding. */
function raise(quantiles: Float32Array): void {
  for (let i = 0; i < quantiles.length; i++) {
    const below = i % levels === 0 ? 0 : quantiles[i - 1]!
    if (quantiles[i]! < below) quantiles[i] = below
  }
}
