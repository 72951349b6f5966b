import {
  hourMs,
  LarderError,
  minuteMs,
  type Clock,
  type ModelVersion,
  type Progress,
} from '../domain/index.ts'
import { createRandom } from '../runtime/index.ts'
import type { BacktestReport } from './backtest.ts'
import { baselines } from './baselines/index.ts'
import { loadCheckpoint, removeCheckpoint, saveCheckpoint } from './checkpoint.ts'
import { inputNames, learnLayout, localHours } from './features/index.ts'
import type { History } from './forecaster.ts'
import { judgeHeldOut, labelOf, scoresOf } from './held-out.ts'
import { createNetwork, readWeights } from './network/index.ts'
import { createNetworkForecaster } from './network-forecaster.ts'
import { codeVersion, modelFormat, sha256, type NetworkModel } from './network-model.ts'
import { createOptimizer } from './optimizer.ts'
import type { TensorFlow } from './tf.ts'
import { createTrainingLoss, measureInputs } from './training-loss.ts'
import {
  leastTrainingHours,
  pickOrigins,
  planTraining,
  rateAt,
  type TrainingPlan,
} from './training-plan.ts'
import { allocateRows, buildTrainingRows, type RowStore } from './training-rows.ts'

export interface TrainingOptions {
  /** Hours from here on (epoch ms) are not looked at. */
  readonly until: number
  readonly seed: number
  readonly maxMinutes: number
  /** The wall's. */
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
  /** After every epoch all state is kept here, and a training that stopped before its end goes on from it. */
  readonly checkpointFolder?: string | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
  readonly plan?: Partial<TrainingPlan> | undefined
  /** Models that are scored on the same held-out windows, under the names of their versions. */
  readonly against?: readonly NetworkModel[] | undefined
}

/** Trains one network on all series, scores it on the last days before it has seen them, then lets it see those too. */
export async function trainModel(
  tensorFlow: TensorFlow,
  history: History,
  options: TrainingOptions,
): Promise<NetworkModel> {
  const { tf } = tensorFlow
  const until = Math.min(history.hours, Math.round((options.until - history.from) / hourMs))
  if (until < leastTrainingHours) {
    throw new LarderError(
      'RT_NO_HISTORY',
      `There are ${Math.max(0, Math.floor(until / 24))} days of history before the day asked for; training needs ${leastTrainingHours / 24}. Give it more, or use a baseline.`,
    )
  }
  const plan: TrainingPlan = { ...planTraining(history, until), ...options.plan }
  const localHourOf = localHours(history, options.until)
  const layout = learnLayout(history, until, localHourOf)
  const shape = {
    inputs: inputNames(layout).length,
    width: plan.width,
    blocks: plan.blocks,
  }
  const network = createNetwork(tf, shape, options.seed)
  const optimizer = createOptimizer(tf, network)
  const startedAt = options.clock.now()
  const key = JSON.stringify([modelFormat, options.seed, options.until, history.from, plan, layout])

  let store: RowStore | null = null
  let epoch = 0
  let mainEpochs = plan.epochs
  let settleEpochs = plan.settleEpochs
  let cutShort = false
  let scaling: { means: readonly number[]; deviations: readonly number[] } | null = null
  let report: BacktestReport | null = null
  const folder = options.checkpointFolder
  try {
    const kept = folder === undefined ? null : await loadCheckpoint(folder, key)
    if (kept) {
      await optimizer.restore(kept)
      epoch = kept.epoch
      mainEpochs = kept.epochsPlanned
      settleEpochs = kept.settlePlanned
      cutShort = kept.cutShort
      report = kept.report
      scaling = kept
    }
    const firstEpoch = epoch
    for (; epoch < mainEpochs + settleEpochs; epoch++) {
      const isSettling = epoch >= mainEpochs
      const origins = pickOrigins(
        plan,
        isSettling ? plan.epochs + (epoch - mainEpochs) : epoch,
        options.seed,
        layout.profile,
        localHourOf(0),
      )
      store ??= allocateRows(plan.originsPerEpoch * history.series.length, shape.inputs)
      const rows = buildTrainingRows(history, origins, layout, store)
      if (rows.count === 0) {
        throw new LarderError(
          'RT_NO_HISTORY',
          'No series has sales both before and after any hour of the training days. Check that the history holds sales.',
        )
      }
      scaling ??= measureInputs(rows)
      const loss = createTrainingLoss(tf, network, rows, scaling)
      const orders = Array.from({ length: plan.passes }, (_, pass) =>
        shuffle(rows.count, options.seed, epoch * plan.passes + pass),
      )
      const batchesPerPass = Math.max(1, Math.floor(rows.count / plan.batch))
      const batches = batchesPerPass * plan.passes
      const phase = isSettling ? settleEpochs : mainEpochs
      for (let batch = 0; batch < batches; batch++) {
        const within = ((isSettling ? epoch - mainEpochs : epoch) + batch / batches) / phase
        const order = orders[Math.floor(batch / batchesPerPass)]!
        const first = (batch % batchesPerPass) * plan.batch
        optimizer.step(
          () => loss(order.subarray(first, first + plan.batch)),
          rateAt(plan, isSettling ? 'settle' : 'main', within),
        )
        if (batch % 4 === 0) {
          reportProgress(options, startedAt, {
            done: epoch + batch / batches,
            of: mainEpochs + settleEpochs,
            since: firstEpoch,
            target: history.target,
          })
          await new Promise((resolve) => setImmediate(resolve))
          options.signal?.throwIfAborted()
        }
      }
      if (epoch === firstEpoch && !kept) {
        const spent = (options.clock.now() - startedAt) / minuteMs
        const affordable = Math.max(2, Math.floor((options.maxMinutes * 0.9) / spent))
        if (affordable < mainEpochs + settleEpochs) {
          cutShort = true
          settleEpochs = Math.max(1, Math.round(affordable / 5))
          mainEpochs = Math.max(1, affordable - settleEpochs)
        }
      } else if (options.clock.now() - startedAt > options.maxMinutes * minuteMs) {
        cutShort ||= epoch + 1 < mainEpochs + settleEpochs
        if (isSettling) settleEpochs = epoch + 1 - mainEpochs
        else {
          mainEpochs = epoch + 1
          settleEpochs = Math.min(settleEpochs, 1)
        }
      }
      if (epoch + 1 === mainEpochs) {
        const forecaster = createNetworkForecaster(tensorFlow, {
          ...scaling,
          name: 'model',
          shape,
          layout,
          members: [{ seed: options.seed, weights: readWeights(network) }],
        })
        const others = (options.against ?? []).map((model) =>
          createNetworkForecaster(tensorFlow, { ...model, name: model.version.version }),
        )
        const judged = [forecaster, ...others, ...baselines]
        report = judgeHeldOut(history, plan, localHourOf(0), judged, options.seed)
        for (const network of [forecaster, ...others]) network.dispose()
      }
      if (folder !== undefined) {
        await saveCheckpoint(folder, {
          key,
          epoch: epoch + 1,
          epochsPlanned: mainEpochs,
          settlePlanned: settleEpochs,
          cutShort,
          means: scaling.means,
          deviations: scaling.deviations,
          report,
          ...(await optimizer.save()),
        })
      }
    }
    if (!scaling) throw new LarderError('RT_INTERNAL', 'A training plan needs an epoch at least.')
    const weights = readWeights(network)
    reportProgress(options, startedAt, { done: epoch, of: epoch, since: 0, target: history.target })
    if (folder !== undefined) await removeCheckpoint(folder)
    return {
      format: modelFormat,
      version: describe(history, options, weights, report),
      layout,
      shape,
      means: scaling.means,
      deviations: scaling.deviations,
      backend: tensorFlow.backend,
      tensorflow: tensorFlow.version,
      epochs: epoch,
      cutShort,
      sites: [...new Set(history.series.map(({ site }) => site))].sort(),
      report,
      members: [{ seed: options.seed, weights }],
    }
  } finally {
    optimizer.dispose()
    network.dispose()
  }
}

function describe(
  history: History,
  options: TrainingOptions,
  weights: Float32Array,
  report: BacktestReport | null,
): ModelVersion {
  const day = new Date(options.until - 1).toISOString().slice(0, 10).replaceAll('-', '')
  const hash = sha256(new Uint8Array(weights.buffer)).slice(0, 8)
  return {
    version: `${history.target}-${day}-${hash}`,
    target: history.target,
    label: report ? labelOf(report) : 'candidate',
    serving: false,
    trainedAt: options.clock.now(),
    historyFrom: history.from,
    historyUntil: options.until,
    seed: options.seed,
    codeVersion,
    scores: report ? scoresOf(report) : {},
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

function reportProgress(
  options: TrainingOptions,
  startedAt: number,
  at: { done: number; of: number; since: number; target: string },
): void {
  const spentMs = options.clock.now() - startedAt
  const share = (at.done - at.since) / Math.max(1, at.of - at.since)
  options.onProgress?.({
    task: `Training the ${at.target} model`,
    done: Math.round(at.done * 100) / 100,
    of: at.of,
    startedAt,
    remainingMs: share > 0.02 ? Math.round((spentMs / share) * (1 - share)) : null,
  })
}
