import { LarderError } from '../../domain/index.ts'
import { createRandom } from '../../runtime/index.ts'
import { placeCount, type FeatureLayout } from '../features/index.ts'
import type { ForecastBatch, History } from '../forecaster.ts'
import { judgeHeldOut, type HeldOut } from './held-out.ts'
import { createNetwork, type NetworkShape } from '../network/index.ts'
import {
  createNetworkForecaster,
  createVersionForecaster,
  normalise,
  type ForecastingModel,
} from '../network-forecaster.ts'
import type { NetworkModel } from '../network-model.ts'
import { createOptimizer, resetState, type OptimizerState } from './optimizer.ts'
import type { TensorFlow } from '../tf.ts'
import { createTrainingLoss, measureInputs, type Scaling } from './loss.ts'
import { pickOrigins, rateAt, type TrainingPlan } from './plan.ts'
import { buildTrainingRows, rowsOf, type RowStore } from './rows.ts'

/** What all hands know from the start. What is large in it lies in memory that they share. */
export interface TrainingSetup {
  readonly history: History
  readonly plan: TrainingPlan
  readonly layout: FeatureLayout
  readonly shape: NetworkShape
  readonly seed: number
  /** Local hour of day of the first series at the first hour of the history. */
  readonly localHourAtStart: number
  /** Room for the rows of an epoch each. */
  readonly stores: readonly RowStore[]
  /** One per member. */
  readonly states: readonly OptimizerState[]
}

/** The rows of an epoch, normalised, in one of the stores. */
export interface EpochRows {
  readonly store: number
  readonly count: number
  readonly scaling: Scaling
}

export interface EpochToLearn {
  readonly member: number
  /** Of the member's first weights and of the order of its rows. */
  readonly seed: number
  readonly epoch: number
  readonly rows: EpochRows
  readonly phase: 'main' | 'settle'
  /** Share of the phase that is over before this epoch, and after it. */
  readonly from: number
  readonly to: number
}

/** Does the work of training, a piece at a time: in this thread or in one of its own. */
export interface TrainingHand {
  /** Scaling is measured on these rows where none is given. */
  build(epoch: number, store: number, scaling: Scaling | null): Promise<EpochRows>
  /** Goes over the rows once, from the member's state to its next one. Answers the mean loss; NaN where it diverged. */
  learn(work: EpochToLearn): Promise<number>
  forecast(model: ForecastingModel, origins: readonly number[]): Promise<readonly ForecastBatch[]>
  /** `batches` as `judgeHeldOut` takes them, the other models under the names of their versions. */
  judge(work: HeldOutToJudge): Promise<HeldOut>
}

export interface HeldOutToJudge {
  readonly origins: readonly number[]
  readonly batches: readonly ForecastBatch[]
  readonly against: readonly NetworkModel[]
}

/** Batches between two reports, after which others of this thread get their turn. */
const batchesPerReport = 4

export function createHand(
  tensorFlow: TensorFlow,
  setup: TrainingSetup,
  run: {
    readonly signal?: AbortSignal | undefined
    /** Share 0..1 of the member's epoch that is learnt. */
    readonly onShare: (member: number, share: number) => void
  },
): TrainingHand {
  const { tf } = tensorFlow
  const { history, plan, layout, shape, stores, states } = setup
  const pause = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve))
    run.signal?.throwIfAborted()
  }

  return {
    async build(epoch, store, given) {
      await pause()
      const origins = pickOrigins(plan, epoch, setup.seed, layout.profile, setup.localHourAtStart)
      const sample = { share: plan.seriesShare, turn: epoch * plan.originsPerEpoch }
      const rows = buildTrainingRows(history, origins, layout, stores[store]!, sample)
      if (rows.count === 0) {
        throw new LarderError(
          'RT_NO_HISTORY',
          'No series has sales both before and after any hour of the training days. Check that the history holds sales.',
        )
      }
      const scaling = given ?? measureInputs(rows)
      normalise(rows.inputs, rows.width, scaling.means, scaling.deviations)
      return { store, count: rows.count, scaling }
    },

    async learn({ member, seed, epoch, rows: { store, count }, phase, from, to }) {
      const state = states[member]!
      const network = createNetwork(tf, shape, seed)
      try {
        if (epoch === 0) resetState(state, network)
        const optimizer = createOptimizer(tf, network, state, plan)
        const rows = rowsOf(stores[store]!, count, shape.inputs)
        const dropout = {
          share: plan.inputDropout,
          inputs: shape.inputs - placeCount(layout),
          random: createRandom(seed * 3001 + epoch * 15_013 + 3),
        }
        const loss = createTrainingLoss(tf, network, rows, dropout, plan.lossWeights)
        const batches = Math.max(1, Math.floor(count / plan.batch))
        const order = shuffle(count, seed, epoch)
        let sum = 0
        for (let i = 0; i < batches; i++) {
          const share = from + ((to - from) * i) / batches
          const picked = order.subarray(i * plan.batch, (i + 1) * plan.batch)
          sum += optimizer.step(() => loss(picked), rateAt(plan, phase, share))
          if (i % batchesPerReport !== 0) continue
          if (!Number.isFinite(sum)) return NaN
          run.onShare(member, i / batches)
          await pause()
        }
        return sum / batches
      } finally {
        network.dispose()
      }
    },

    async forecast(model, origins) {
      const forecaster = createNetworkForecaster(tensorFlow, { ...model, name: 'model' })
      try {
        const batches: ForecastBatch[] = []
        for (const origin of origins) {
          await pause()
          batches.push(forecaster.forecast(history, origin))
        }
        return batches
      } finally {
        forecaster.dispose()
      }
    },

    async judge({ origins, batches, against }) {
      await pause()
      const others = against.map((other) => createVersionForecaster(tensorFlow, other))
      try {
        const { seed } = setup
        return judgeHeldOut(history, origins, batches, others, { seed, step: layout.step })
      } finally {
        for (const other of others) other.dispose()
      }
    },
  }
}

function shuffle(count: number, seed: number, epoch: number): Uint32Array {
  const random = createRandom(seed * 2003 + epoch * 104_729 + 2)
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1))
    const swap = order[i]!
    order[i] = order[j]!
    order[j] = swap
  }
  return order
}
