import type { Clock } from '../../domain/index.ts'
import { createCheckpointFile, type CheckpointFile, type MemberMark } from './checkpoint.ts'
import type { FeatureLayout } from '../features/index.ts'
import type { History } from '../forecaster.ts'
import type { HeldOut } from './held-out.ts'
import { createNetwork, readWeights, type NetworkShape } from '../network/index.ts'
import { modelFormat } from '../network-model.ts'
import { allocateState, type OptimizerState } from './optimizer.ts'
import type { TensorFlow } from '../tf.ts'
import type { Schedule } from './budget.ts'
import type { CrewStarter } from './crew.ts'
import type { Scaling } from './loss.ts'
import type { TrainingOptions } from './options.ts'
import type { TrainingPlan } from './plan.ts'

/** One training as it goes on. Members are told apart by their place. */
export interface TrainingRun {
  readonly plan: TrainingPlan
  readonly key: string
  readonly seed: number
  readonly states: readonly OptimizerState[]
  readonly checkpoint: CheckpointFile | null
  readonly clock: Clock
  readonly startedAt: number
  readonly maxMinutes: number
  readonly hands: number
  readonly stores: number
  readonly onMove: () => void
  /** Counts with the time since `startedAt`: what an interrupted training had spent. */
  spentBeforeMs: number
  /** Epochs learnt before an interruption, over the members alike. */
  epochsBefore: number
  schedule: Schedule
  scaling: Scaling | null
  heldOut: HeldOut | null
  members: MemberMark[]
  /** Epochs that some member has begun. */
  begun: number
  /** Share of its next epoch that each member has learnt. */
  shares: number[]
  /** Sums over what was measured. */
  built: { count: number; ms: number }
  learnt: { count: number; ms: number }
}

/** Every member whose seed is a different one of one training's. */
export function memberSeed(seed: number, member: number, tries: number): number {
  return seed + 1_000_003 * member + 15_485_863 * tries
}

export function createRun(
  { tf }: TensorFlow,
  history: History,
  from: {
    readonly options: TrainingOptions
    readonly plan: TrainingPlan
    readonly layout: FeatureLayout
    readonly shape: NetworkShape
    readonly starter: CrewStarter
  },
): TrainingRun {
  const { options, plan, layout, shape, starter } = from
  const network = createNetwork(tf, shape, 0)
  const size = readWeights(network).length
  network.dispose()
  const startedAt = options.clock.now()
  const places = Array.from({ length: plan.members }, (_, member) => member)
  const run: TrainingRun = {
    plan,
    key: JSON.stringify([modelFormat, options.seed, options.until, history.from, plan, layout]),
    seed: options.seed,
    states: places.map(() => allocateState(size)),
    checkpoint:
      options.checkpointFolder === undefined
        ? null
        : createCheckpointFile(options.checkpointFolder),
    clock: options.clock,
    startedAt,
    maxMinutes: options.maxMinutes,
    hands: starter.size,
    stores: Math.min(2, starter.size),
    onMove: () => reportProgress(run, options, history),
    spentBeforeMs: 0,
    epochsBefore: 0,
    schedule: { main: plan.epochs, settle: plan.settleEpochs, cutShort: false },
    scaling: null,
    heldOut: null,
    members: places.map((member) => ({
      seed: memberSeed(options.seed, member, 0),
      epochs: 0,
      isAlive: true,
    })),
    begun: 0,
    shares: places.map(() => 0),
    built: { count: 0, ms: 0 },
    learnt: { count: 0, ms: 0 },
  }
  return run
}

export function alive({ members }: TrainingRun): readonly number[] {
  return members.flatMap(({ isAlive }, member) => (isAlive ? [member] : []))
}

export function spentMs(run: TrainingRun): number {
  return run.spentBeforeMs + run.clock.now() - run.startedAt
}

function reportProgress(run: TrainingRun, options: TrainingOptions, history: History): void {
  if (!options.onProgress) return
  const members = alive(run)
  const total = run.schedule.main + run.schedule.settle
  const learnt = members.reduce(
    (sum, member) => sum + run.members[member]!.epochs + run.shares[member]!,
    0,
  )
  const done = Math.min(total, learnt / members.length)
  const share = (done - run.epochsBefore) / Math.max(1e-9, total - run.epochsBefore)
  const spent = run.clock.now() - run.startedAt
  options.onProgress({
    task:
      members.length === 1
        ? `Training the ${history.target} model`
        : `Training the ${history.target} model (${members.length} networks)`,
    done: Math.round(done * 100) / 100,
    of: total,
    startedAt: run.startedAt,
    remainingMs: share > 0.02 ? Math.round((spent / share) * (1 - share)) : null,
  })
}
