import { expect, test } from 'vitest'
import { loadTensorFlow, trainModel } from '../../models/index.ts'
import { wallClock } from '../../runtime/index.ts'
import { learnSteps } from '../models/learn-steps.ts'
import { makeSyntheticHistory, syntheticOrigin } from '../models/synthetic-history.ts'

/** By hand, after `npm run setup:tensorflow`: it fetches 207 MB. Where it is not installed every test here fails and says so. */
test('native loss, gradients and five steps of learning are those of WebAssembly', async () => {
  const native = learnSteps(await loadTensorFlow('native'))
  const wasm = learnSteps(await loadTensorFlow('wasm'))
  for (const what of ['gradients', 'losses', 'weights'] as const) {
    expect(native[what].length).toBe(wasm[what].length)
    native[what].forEach((value, i) => {
      expect(Math.abs(value - wasm[what][i]!)).toBeLessThan(1e-4)
    })
  }
})

test('a model that native TensorFlow trained scores as one that WebAssembly trained', async () => {
  const history = makeSyntheticHistory({ sites: 4, products: 6, days: 42, seed: 3 })
  const scores: number[] = []
  for (const backend of ['native', 'wasm'] as const) {
    const model = await trainModel(await loadTensorFlow(backend), history, {
      ...{ until: syntheticOrigin(42, 0), seed: 1, maxMinutes: 5, clock: wallClock },
      plan: { width: 32, blocks: 1, epochs: 4, settleEpochs: 1, originsPerEpoch: 24, batch: 64 },
    })
    expect(model.backend).toBe(backend)
    scores.push(model.version.scores.model!)
  }
  expect(Math.abs(scores[0]! / scores[1]! - 1)).toBeLessThan(0.01)
})

test('auto takes it where it is installed, beside one copy of TensorFlow.js', async () => {
  const { tf, backend } = await loadTensorFlow('auto')
  expect(backend).toBe('native')
  expect((await loadTensorFlow('wasm')).tf.engine()).toBe(tf.engine())
})
