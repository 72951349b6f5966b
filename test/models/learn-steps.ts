import type { TensorFlow } from '../../models/index.ts'
import { inputNames, learnLayout } from '../../models/features/index.ts'
import { createNetwork } from '../../models/network/index.ts'
import { normalise } from '../../models/network-forecaster.ts'
import { allocateState, createOptimizer, resetState } from '../../models/training/optimizer.ts'
import { createTrainingLoss, measureInputs } from '../../models/training/loss.ts'
import { allocateRows, buildTrainingRows } from '../../models/training/rows.ts'
import { createRandom } from '../../runtime/index.ts'
import { makeSyntheticHistory } from './synthetic-history.ts'

/** The loss and its gradients on a batch of real rows, then five steps of learning: what must not hang on the backend. */
export function learnSteps({ tf }: TensorFlow): {
  readonly losses: readonly number[]
  readonly gradients: readonly number[]
  readonly weights: readonly number[]
} {
  const history = makeSyntheticHistory({ sites: 3, products: 4, days: 21, seed: 4 })
  const layout = learnLayout(history, history.hours, () => 0)
  const width = inputNames(layout).length
  const origins = [300, 331, 365, 400, 444, 470]
  const store = allocateRows(origins.length * history.series.length, width)
  const rows = buildTrainingRows(history, origins, layout, store)
  const { means, deviations } = measureInputs(rows)
  normalise(rows.inputs, rows.width, means, deviations)

  const network = createNetwork(tf, { inputs: width, width: 24, blocks: 2 }, 7)
  const state = allocateState(network.variables.reduce((sum, { size }) => sum + size, 0))
  resetState(state, network)
  const batch = Uint32Array.from({ length: rows.count }, (_, row) => row)
  const dropout = { share: 0, inputs: 0, random: createRandom(1) }
  const weights = { hours: 0.3, mean: 0.3, hourMean: 0.1 }
  const loss = createTrainingLoss(tf, network, rows, dropout, weights)
  const { value, grads } = tf.variableGrads(() => loss(batch).asScalar(), [...network.variables])
  const gradients = network.variables.flatMap(({ name }) => [...grads[name]!.dataSync()])
  tf.dispose([value, grads])
  const optimizer = createOptimizer(tf, network, state, { weightDecay: 0.01, averagedSteps: 0 })
  const losses = Array.from({ length: 5 }, () => optimizer.step(() => loss(batch), 1e-3))
  network.dispose()
  return { losses, gradients, weights: [...state.values.subarray(0, state.values.length / 4)] }
}
