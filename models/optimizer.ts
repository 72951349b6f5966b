import type { AdamOptimizer, Tensor } from '@tensorflow/tfjs'
import type { Network } from './network/index.ts'
import { readWeights, writeWeights } from './network/index.ts'
import type { Tf } from './tf.ts'

/** Adam over one network: its moments are kept by place, so a second network needs one of its own. */
export interface Optimizer {
  /** One step down the loss; answers the loss before it. */
  step(loss: () => Tensor, learningRate: number): number
  save(): Promise<{ readonly steps: number; readonly state: Float32Array }>
  restore(saved: { readonly steps: number; readonly state: Float32Array }): Promise<void>
  dispose(): void
}

export function createOptimizer(tf: Tf, network: Network): Optimizer {
  const adam: AdamOptimizer = tf.train.adam(1e-3)
  const variables = [...network.variables]
  return {
    step(loss, learningRate) {
      // The library reads the rate at every step, but has no public way to change it.
      ;(adam as unknown as { learningRate: number }).learningRate = learningRate
      const cost = adam.minimize(() => loss().asScalar(), true, variables)
      const value = cost ? cost.dataSync()[0]! : NaN
      cost?.dispose()
      return value
    },
    async save() {
      const [steps, ...moments] = await adam.getWeights()
      const parts = [
        readWeights(network),
        ...moments.map(({ tensor }) => tensor.dataSync() as Float32Array),
      ]
      const state = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
      let at = 0
      for (const part of parts) {
        state.set(part, at)
        at += part.length
      }
      const count = steps?.tensor.dataSync()[0] ?? 0
      steps?.tensor.dispose()
      return { steps: count, state }
    },
    async restore({ steps, state }) {
      const size = readWeights(network).length
      writeWeights(tf, network, state.slice(0, size))
      const moments: { name: string; tensor: Tensor }[] = []
      let at = size
      for (const kind of ['m', 'v']) {
        for (const [i, variable] of variables.entries()) {
          const tensor = tf.tensor(state.slice(at, at + variable.size), variable.shape)
          moments.push({ name: `${kind}${i}`, tensor })
          at += variable.size
        }
      }
      await adam.setWeights([{ name: 'iter', tensor: tf.scalar(steps, 'int32') }, ...moments])
    },
    dispose: () => adam.dispose(),
  }
}
