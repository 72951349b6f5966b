import type { Tensor, Tensor2D, Variable } from '@tensorflow/tfjs'
import { quantileLevels } from '../../domain/index.ts'
import { createRandom } from '../../runtime/index.ts'
import type { Tf } from '../tf.ts'

export interface NetworkShape {
  readonly inputs: number
  readonly width: number
  readonly blocks: number
}

/** In units of the scale that each row was divided by; hours are rows of their own, [rows x 12]. */
export interface NetworkOutput {
  readonly quantiles: Tensor
  readonly mean: Tensor
  readonly hourQuantiles: Tensor
  readonly hourMean: Tensor
}

/** Rows of what a target is made of: the steps from each quantile to the next, the first from zero, and last the mean. */
export interface NetworkSteps {
  readonly total: Tensor2D
  readonly hours: Tensor2D
}

export interface Network {
  readonly shape: NetworkShape
  readonly variables: readonly Variable[]
  forward(inputs: Tensor2D): NetworkOutput
  /** `forward` before its steps are added up, which plain code does faster where nothing is learnt. */
  steps(inputs: Tensor2D): NetworkSteps
  dispose(): void
}

const levels = quantileLevels.length
const perTarget = levels + 1

/** Steps between quantiles before training: those of a gamma-like amount with mean 1. */
const firstSteps = [0.2, 0.15, 0.1, 0.2, 0.3, 0.35, 0.45, 0.35, 0.7]
const inverseSoftplus = (y: number): number => Math.log(Math.expm1(y))

/**
 * Residual blocks of dense layers over all inputs (after TiDE, arXiv 2304.08424), and one head each for the total and for the hours.
 * A quantile is a sum of softplus steps, so none can cross another. Uses only operations that train on WebAssembly.
 */
export function createNetwork(tf: Tf, shape: NetworkShape, seed: number): Network {
  const random = createRandom(seed)
  const variables: Variable[] = []
  const dense = (inputs: number, outputs: number, gain: number): [Variable, Variable] => {
    const limit = gain * Math.sqrt(6 / (inputs + outputs))
    const values = Float32Array.from(
      { length: inputs * outputs },
      () => (random.next() * 2 - 1) * limit,
    )
    const pair: [Variable, Variable] = [
      tf.variable(tf.tensor2d(values, [inputs, outputs])),
      tf.variable(tf.zeros([outputs])),
    ]
    variables.push(...pair)
    return pair
  }
  const first = dense(shape.inputs, shape.width, 1)
  const blocks = Array.from(
    { length: shape.blocks },
    () => [dense(shape.width, shape.width, 1), dense(shape.width, shape.width, 0.3)] as const,
  )
  const totalHead = dense(shape.width, perTarget, 0.1)
  const hourHead = dense(shape.width, perTarget * 12, 0.1)
  const start = [...firstSteps, 1].map(inverseSoftplus)
  totalHead[1].assign(tf.tensor1d(start))
  hourHead[1].assign(tf.tensor1d(Array.from({ length: 12 }, () => start).flat()))

  const upper = tf.keep(
    tf.tensor2d(
      Array.from({ length: levels }, (_, from) =>
        Array.from({ length: levels }, (_, to) => (from <= to ? 1 : 0)),
      ),
    ),
  )
  const apply = (x: Tensor2D, [weights, bias]: [Variable, Variable]): Tensor2D =>
    tf.add(tf.matMul(x, weights as unknown as Tensor2D), bias)
  /** Smooth where relu has a corner: 1 % better on FreshRetailNet. */
  const silu = (x: Tensor2D): Tensor2D => tf.mul(x, tf.sigmoid(x))
  const steps = (inputs: Tensor2D): NetworkSteps => {
    let x = silu(apply(inputs, first))
    for (const [inner, outer] of blocks) {
      x = tf.add(x, apply(silu(apply(x, inner)), outer))
    }
    return {
      total: tf.softplus(apply(x, totalHead)),
      hours: tf.softplus(tf.reshape(apply(x, hourHead), [-1, perTarget])),
    }
  }
  const addUp = (steps: Tensor2D): [Tensor, Tensor] => [
    tf.matMul(tf.slice(steps, [0, 0], [-1, levels]), upper),
    tf.slice(steps, [0, levels], [-1, 1]),
  ]

  return {
    shape,
    variables,
    steps,
    forward(inputs) {
      const { total, hours } = steps(inputs)
      const [quantiles, mean] = addUp(total)
      const [hourQuantiles, hourMean] = addUp(hours)
      return { quantiles, mean, hourQuantiles, hourMean }
    },
    dispose() {
      for (const variable of variables) variable.dispose()
      upper.dispose()
    },
  }
}

/** All weights in the order of `variables`. */
export function readWeights(network: Network): Float32Array {
  const parts = network.variables.map((variable) => variable.dataSync() as Float32Array)
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

export function writeWeights(tf: Tf, network: Network, weights: Float32Array): void {
  let at = 0
  for (const variable of network.variables) {
    const size = variable.size
    tf.tidy(() => variable.assign(tf.tensor(weights.slice(at, at + size), variable.shape)))
    at += size
  }
}
