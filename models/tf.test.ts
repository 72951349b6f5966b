import { expect, test } from 'vitest'
import { createRandom } from '../runtime/index.ts'
import { learnSteps } from '../test/models/learn-steps.ts'
import { loadTensorFlow } from './tf.ts'

const cases = [false, true].flatMap((transposeA) =>
  [false, true].flatMap((transposeB) => [1, 3].map((batch) => ({ transposeA, transposeB, batch }))),
)

test('products on WebAssembly equal those on the cpu for every transposition, and leave nothing behind', async () => {
  const random = createRandom(5)
  const numbers = (length: number): Float32Array =>
    Float32Array.from({ length }, () => random.next() * 2 - 1)
  const left = numbers(3 * 7 * 5)
  const right = numbers(3 * 5 * 4)

  const run = async (backend: 'wasm' | 'cpu'): Promise<number[][]> => {
    const { tf } = await loadTensorFlow(backend)
    const before = tf.memory()
    const answers = cases.map(({ transposeA, transposeB, batch }) =>
      tf.tidy(() => {
        const a = tf.tensor3d(left.slice(0, batch * 35), transposeA ? [batch, 5, 7] : [batch, 7, 5])
        const b = tf.tensor3d(
          right.slice(0, batch * 20),
          transposeB ? [batch, 4, 5] : [batch, 5, 4],
        )
        return [...tf.matMul(a, b, transposeA, transposeB).dataSync()]
      }),
    )
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers)
    return answers
  }

  const wasm = await run('wasm')
  const cpu = await run('cpu')
  wasm.forEach((answer, i) => {
    answer.forEach((value, j) => {
      expect(Math.abs(value - cpu[i]![j]!)).toBeLessThan(1e-4)
    })
  })
})

test('loading twice registers the faster product once', async () => {
  const { tf } = await loadTensorFlow('wasm')
  const first = tf.getKernel('BatchMatMul', 'wasm').kernelFunc
  await loadTensorFlow('wasm')
  expect(tf.getKernel('BatchMatMul', 'wasm').kernelFunc).toBe(first)
})

test('on WebAssembly the loss, its gradients and five steps of learning are those of the cpu', async () => {
  const wasm = learnSteps(await loadTensorFlow('wasm'))
  const cpu = learnSteps(await loadTensorFlow('cpu'))
  expect(wasm.gradients.length).toBeGreaterThan(5_000)
  for (const what of ['gradients', 'losses', 'weights'] as const) {
    expect(wasm[what].length).toBe(cpu[what].length)
    wasm[what].forEach((value, i) => {
      expect(Math.abs(value - cpu[what][i]!)).toBeLessThan(1e-4)
    })
  }
  expect(wasm.losses.at(-1)).toBeLessThan(wasm.losses[0]!)
})
