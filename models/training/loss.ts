import type { Tensor } from '@tensorflow/tfjs'
import { dropInputs, type InputDropout } from './input-dropout.ts'
import { censoredMeanLoss, censoredPinball, type Network } from '../network/index.ts'
import type { Tf } from '../tf.ts'
import type { LossWeights } from './plan.ts'
import type { TrainingRows } from './rows.ts'

/** Of every input: they go in as (value - mean) / deviation. */
export interface Scaling {
  readonly means: readonly number[]
  readonly deviations: readonly number[]
}

/** Mean and deviation of every input; one that never changes gets deviation 1. */
export function measureInputs(rows: TrainingRows): Scaling {
  const { width } = rows
  const means = new Array<number>(width).fill(0)
  const squares = new Array<number>(width).fill(0)
  const step = Math.max(1, Math.floor(rows.count / 20_000))
  let count = 0
  for (let row = 0; row < rows.count; row += step, count++) {
    for (let i = 0; i < width; i++) {
      const value = rows.inputs[row * width + i]!
      means[i]! += value
      squares[i]! += value * value
    }
  }
  const deviations = squares.map((square, i) => {
    means[i]! /= count
    const variance = square / count - means[i]! ** 2
    return variance > 1e-8 ? Math.sqrt(variance) : 1
  })
  return { means, deviations }
}

/** The loss of a batch of row numbers. The inputs of `rows` are normalised already. */
export function createTrainingLoss(
  tf: Tf,
  network: Network,
  rows: TrainingRows,
  dropout: InputDropout,
  weights: LossWeights,
): (picked: Uint32Array) => Tensor {
  const meanWeight = average(rows.totalWeight)
  const meanHourWeight = average(rows.hourWeight)

  return (picked) => {
    const column = (from: Float32Array, per: number): Tensor => {
      const out = new Float32Array(picked.length * per)
      picked.forEach((row, i) => out.set(from.subarray(row * per, (row + 1) * per), i * per))
      return tf.tensor2d(out, [picked.length * per, 1])
    }
    const inputs = new Float32Array(picked.length * rows.width)
    picked.forEach((row, i) =>
      inputs.set(rows.inputs.subarray(row * rows.width, (row + 1) * rows.width), i * rows.width),
    )
    dropInputs(inputs, rows.width, dropout)
    const out = network.forward(tf.tensor2d(inputs, [picked.length, rows.width]))
    const weigh = (cost: Tensor, weight: Tensor, mean: number): Tensor =>
      tf.div(tf.mean(tf.mul(cost, weight)), mean)

    const total = column(rows.total, 1)
    const whole = column(rows.totalWhole, 1)
    const weight = column(rows.totalWeight, 1)
    const hours = column(rows.hours, 12)
    const hourWhole = column(rows.hourWhole, 12)
    const hourWeight = column(rows.hourWeight, 12)
    return tf.addN([
      weigh(censoredPinball(tf, total, whole, out.quantiles), weight, meanWeight),
      tf.mul(
        weigh(censoredPinball(tf, hours, hourWhole, out.hourQuantiles), hourWeight, meanHourWeight),
        weights.hours,
      ),
      tf.mul(weigh(censoredMeanLoss(tf, total, whole, out.mean), weight, meanWeight), weights.mean),
      tf.mul(
        weigh(censoredMeanLoss(tf, hours, hourWhole, out.hourMean), hourWeight, meanHourWeight),
        weights.hourMean,
      ),
    ])
  }
}

function average(values: Float32Array): number {
  let sum = 0
  for (const value of values) sum += value
  return Math.max(sum / Math.max(1, values.length), 1e-9)
}
