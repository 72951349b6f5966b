import { hourMs, LarderError, type ModelVersion } from '../../domain/index.ts'
import type { BacktestReport } from '../backtest.ts'
import { inputNames, learnLayout, localHours, type FeatureLayout } from '../features/index.ts'
import type { History } from '../forecaster.ts'
import { heldOutOrigins, labelOf, scoresOf } from './held-out.ts'
import type { NetworkShape } from '../network/index.ts'
import type { ForecastingModel } from '../network-forecaster.ts'
import {
  codeVersion,
  modelFormat,
  sha256,
  weightsOf,
  type NetworkMember,
  type NetworkModel,
} from '../network-model.ts'
import { keptWeights } from './optimizer.ts'
import { shareHistory } from './share-history.ts'
import type { TensorFlow } from '../tf.ts'
import { hereAlone, type Crew } from './crew.ts'
import { leastTrainingHours, planTraining, type TrainingPlan } from './plan.ts'
import type { TrainingOptions } from './options.ts'
import { allocateRows, mostRows } from './rows.ts'
import { learnMain, learnSettling } from './phases.ts'
import { alive, createRun, type TrainingRun } from './run.ts'

/**
 * Trains the members of a model on all series, scores them together on the last days before they have seen them, then lets
 * them see those too. A member that diverges is begun once more with another seed, and left out where that diverges as well.
 */
export async function trainModel(
  tensorFlow: TensorFlow,
  history: History,
  options: TrainingOptions,
): Promise<NetworkModel> {
  const until = Math.min(history.hours, Math.round((options.until - history.from) / hourMs))
  if (until < leastTrainingHours) {
    throw new LarderError(
      'RT_NO_HISTORY',
      `There are ${Math.max(0, Math.floor(until / 24))} days of history before the day asked for; training needs ${leastTrainingHours / 24}. Give it more, or use a baseline.`,
    )
  }
  const starter = options.crew ?? hereAlone(tensorFlow)
  const plan: TrainingPlan = { ...planTraining(history, until), ...options.plan }
  const localHourOf = localHours(history, options.until)
  const layout = learnLayout(history, until, localHourOf)
  const shape = { inputs: inputNames(layout).length, width: plan.width, blocks: plan.blocks }
  const run = createRun(tensorFlow, history, { options, plan, layout, shape, starter })
  const kept = await run.checkpoint?.load(run.key, run.states, run.members)
  if (kept) {
    const { schedule, scaling, heldOut, members, spentMs } = kept
    Object.assign(run, {
      schedule,
      scaling,
      heldOut,
      members: [...members],
      spentBeforeMs: spentMs,
    })
    run.begun = Math.max(...members.map(({ epochs }) => epochs))
    run.epochsBefore = Math.min(...alive(run).map((member) => members[member]!.epochs))
  }
  const localHourAtStart = localHourOf(0)
  const shared = starter.size > 1 ? shareHistory(history) : history
  const stores = Array.from({ length: run.stores }, () =>
    allocateRows(mostRows(history, plan.originsPerEpoch, plan.seriesShare), shape.inputs),
  )
  const crew = await starter.start(
    {
      ...{ history: shared, plan, layout, shape, seed: options.seed },
      ...{ localHourAtStart, stores, states: run.states },
    },
    {
      signal: options.signal,
      onShare: (member, share) => {
        run.shares[member] = share
        run.onMove()
      },
    },
  )
  try {
    await learnMain(run, crew)
    const judging =
      run.heldOut ??
      judge(run, crew, {
        origins: heldOutOrigins(history, plan, localHourAtStart),
        model: { ...run.scaling!, shape, layout, members: readMembers(run), calibration: null },
        against: options.against ?? [],
      })
    // One hand judges what was learnt until here while the others go on.
    const ends = await Promise.allSettled([judging, learnSettling(run, crew)])
    for (const end of ends) if (end.status === 'rejected') throw end.reason
    run.onMove()
    const model = describeModel(tensorFlow, history, { options, run, layout, shape })
    await run.checkpoint?.remove()
    return model
  } finally {
    await crew.stop()
  }
}

function readMembers(run: TrainingRun): readonly NetworkMember[] {
  return alive(run).map((member) => ({
    seed: run.members[member]!.seed,
    weights: keptWeights(run.states[member]!, run.plan),
  }))
}

async function judge(
  run: TrainingRun,
  crew: Crew,
  from: {
    readonly origins: readonly number[]
    readonly model: ForecastingModel
    readonly against: readonly NetworkModel[]
  },
): Promise<void> {
  const { origins, model, against } = from
  const raw = { ...model, layout: { ...model.layout, step: 0 } }
  const batches = await Promise.all(
    origins.map((origin) => crew.run((hand) => hand.forecast(raw, [origin]))),
  )
  run.heldOut = await crew.run((hand) => hand.judge({ origins, batches: batches.flat(), against }))
}

function describeModel(
  tensorFlow: TensorFlow,
  history: History,
  from: {
    readonly options: TrainingOptions
    readonly run: TrainingRun
    readonly layout: FeatureLayout
    readonly shape: NetworkShape
  },
): NetworkModel {
  const { options, run, layout, shape } = from
  const members = readMembers(run)
  const bytes = weightsOf({ members })
  return {
    format: modelFormat,
    version: describeVersion(history, options, sha256(bytes), run.heldOut?.report ?? null),
    layout,
    shape,
    ...run.scaling!,
    backend: tensorFlow.backend,
    tensorflow: tensorFlow.version,
    epochs: run.schedule.main + run.schedule.settle,
    cutShort: run.schedule.cutShort,
    sites: [...new Set(history.series.map(({ site }) => site))].sort(),
    report: run.heldOut?.report ?? null,
    calibration: run.heldOut?.calibration ?? null,
    calibrationEffect: run.heldOut?.calibrationEffect ?? null,
    membersPlanned: run.plan.members,
    members,
  }
}

function describeVersion(
  history: History,
  options: TrainingOptions,
  hash: string,
  report: BacktestReport | null,
): ModelVersion {
  const day = new Date(options.until - 1).toISOString().slice(0, 10).replaceAll('-', '')
  return {
    version: `${history.target}-${day}-${hash.slice(0, 8)}`,
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
