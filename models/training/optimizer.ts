import type { Tensor } from '@tensorflow/tfjs'
import type { Network } from '../network/index.ts'
import { readWeights, writeWeights } from '../network/index.ts'
import type { Tf } from '../tf.ts'

/** All that training of one network goes on from, in memory that threads share. */
export interface OptimizerState {
  /** One number: steps taken. */
  readonly steps: Int32Array
  /** Weights, first and second moments, and averaged weights, one after the other. */
  readonly values: Float32Array
}

export interface Optimizer {
  /** One step down the loss; answers the loss before it. */
  step(loss: () => Tensor, learningRate: number): number
}

const parts = 4
const firstFade = 0.9
const secondFade = 0.999
const tiny = 1e-8

export function allocateState(weights: number): OptimizerState {
  return {
    steps: new Int32Array(new SharedArrayBuffer(4)),
    values: new Float32Array(new SharedArrayBuffer(4 * parts * weights)),
  }
}

/** Begins with the weights that the network has now. */
export function resetState({ steps, values }: OptimizerState, network: Network): void {
  const weights = readWeights(network)
  steps[0] = 0
  values.fill(0)
  values.set(weights)
  values.set(weights, 3 * weights.length)
}

/** The weights to use: the averaged ones where they are kept. A copy. */
export function keptWeights(
  { values }: OptimizerState,
  options: { readonly averagedSteps: number },
): Float32Array<ArrayBuffer> {
  const size = values.length / parts
  const from = options.averagedSteps > 0 ? 3 * size : 0
  return new Float32Array(values.subarray(from, from + size))
}

/**
 * Adam with decoupled weight decay (Kingma & Ba, arXiv 1412.6980; Loshchilov & Hutter, arXiv 1711.05101) and a fading
 * average of the weights. It reckons outside of TensorFlow.js, so that all its state lies in `state` after each step and
 * whoever takes that goes on to the bit.
 */
export function createOptimizer(
  tf: Tf,
  network: Network,
  state: OptimizerState,
  options: { readonly weightDecay: number; readonly averagedSteps: number },
): Optimizer {
  const { steps, values } = state
  const size = values.length / parts
  const weights = values.subarray(0, size)
  const first = values.subarray(size, 2 * size)
  const second = values.subarray(2 * size, 3 * size)
  const averaged = values.subarray(3 * size)
  const variables = [...network.variables]
  writeWeights(tf, network, weights)

  return {
    step(loss, learningRate) {
      const { value, grads } = tf.variableGrads(() => loss().asScalar(), variables)
      const count = ++steps[0]!
      const firstShare = 1 - firstFade ** count
      const secondShare = 1 - secondFade ** count
      const reach = Math.min(options.averagedSteps, Math.max(1, count / 10))
      const follow = reach > 0 ? 1 / reach : 1
      let at = 0
      for (const variable of variables) {
        const gradient = grads[variable.name]!
        const slopes = gradient.dataSync()
        const decay = variable.rank > 1 ? learningRate * options.weightDecay : 0
        for (let i = 0; i < slopes.length; i++, at++) {
          const slope = slopes[i]!
          const m = firstFade * first[at]! + (1 - firstFade) * slope
          const v = secondFade * second[at]! + (1 - secondFade) * slope * slope
          first[at] = m
          second[at] = v
          const change = m / firstShare / (Math.sqrt(v / secondShare) + tiny)
          const weight = weights[at]! * (1 - decay) - learningRate * change
          weights[at] = weight
          averaged[at]! += (weight - averaged[at]!) * follow
        }
        gradient.dispose()
      }
      writeWeights(tf, network, weights)
      const cost = value.dataSync()[0]!
      value.dispose()
      return cost
    },
  }
}
