import type { Tensor } from '@tensorflow/tfjs'
import { quantileLevels } from '../../domain/index.ts'
import type { Tf } from '../tf.ts'

/**
 * Right-censored pinball loss, twice the mean over the levels per row: where `whole` is 0 the amount is only a lower bound,
 * and just a forecast below it costs (the rule of Powell, J. Econometrics 32, 1986, with the bound as the limit).
 * `amount` and `whole` are [rows, 1], `quantiles` [rows, levels]; answers [rows, 1].
 */
export function censoredPinball(tf: Tf, amount: Tensor, whole: Tensor, quantiles: Tensor): Tensor {
  const levels = tf.tensor2d([...quantileLevels], [1, quantileLevels.length])
  const short = tf.sub(amount, quantiles)
  const cost = tf.maximum(tf.mul(short, levels), tf.mul(tf.mul(short, tf.sub(levels, 1)), whole))
  return tf.mul(tf.mean(cost, 1, true), 2)
}

/**
 * Poisson deviance without the terms free of the forecast: least at the true mean whatever the distribution
 * (Gneiting 2011, theorem 7), and gentler on big days than the square. A lower bound pulls only up.
 */
export function censoredMeanLoss(tf: Tf, amount: Tensor, whole: Tensor, mean: Tensor): Tensor {
  const capped = tf.add(
    tf.mul(mean, whole),
    tf.mul(tf.minimum(mean, tf.add(amount, 1e-3)), tf.sub(1, whole)),
  )
  return tf.sub(capped, tf.mul(amount, tf.log(tf.add(capped, 1e-3))))
}
