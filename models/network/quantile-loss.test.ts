import { expect, test } from 'vitest'
import { quantileLevels } from '../../domain/index.ts'
import { createRandom } from '../../runtime/index.ts'
import { loadTensorFlow } from '../tf.ts'
import { censoredMeanLoss, censoredPinball } from './quantile-loss.ts'

const random = createRandom(11)
const rows = Array.from({ length: 50 }, () => ({
  y: random.next() * 4,
  whole: random.next() < 0.5 ? 1 : 0,
  q: quantileLevels.map(() => random.next() * 4),
}))

/** By cases, as one would say it: below costs p each, above costs 1 - p each, and above a lower bound costs nothing. */
function pinballByCases({ y, whole, q }: (typeof rows)[number]): number {
  let sum = 0
  quantileLevels.forEach((p, k) => {
    if (q[k]! < y) sum += p * (y - q[k]!)
    else if (whole === 1) sum += (1 - p) * (q[k]! - y)
  })
  return (2 * sum) / quantileLevels.length
}

test('the censored pinball loss is the one defined by cases', async () => {
  const { tf } = await loadTensorFlow('wasm')
  const loss = censoredPinball(
    tf,
    tf.tensor2d(rows.map(({ y }) => [y])),
    tf.tensor2d(rows.map(({ whole }) => [whole])),
    tf.tensor2d(rows.map(({ q }) => q)),
  ).dataSync()
  rows.forEach((row, i) => expect(loss[i]).toBeCloseTo(pinballByCases(row), 4))
})

test('the quantile that costs least in stock is the quantile, and a lower bound never pulls down', async () => {
  const { tf } = await loadTensorFlow('wasm')
  const amounts = Array.from({ length: 101 }, (_, i) => i / 10)
  const costOf = (guess: number, whole: number): number =>
    tf.tidy(
      () =>
        tf
          .mean(
            censoredPinball(
              tf,
              tf.tensor2d(amounts.map((y) => [y])),
              tf.fill([amounts.length, 1], whole),
              tf.fill([amounts.length, quantileLevels.length], guess),
            ),
          )
          .dataSync()[0]!,
    )
  // All levels guess alike, and the levels are symmetric: the middle costs least.
  expect(costOf(5, 1)).toBeLessThan(costOf(4, 1))
  expect(costOf(5, 1)).toBeLessThan(costOf(6, 1))
  expect(costOf(10, 0)).toBe(0)
  expect(costOf(20, 0)).toBe(0)
})

test('the loss of the mean is least at the mean', async () => {
  const { tf } = await loadTensorFlow('wasm')
  const amounts = [0, 0, 1, 2, 7]
  const costOf = (guess: number): number =>
    tf.tidy(
      () =>
        tf
          .mean(
            censoredMeanLoss(
              tf,
              tf.tensor2d(amounts.map((y) => [y])),
              tf.ones([5, 1]),
              tf.fill([5, 1], guess),
            ),
          )
          .dataSync()[0]!,
    )
  for (const other of [1, 1.8, 2.2, 4]) expect(costOf(2)).toBeLessThan(costOf(other))
})
