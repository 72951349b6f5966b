import { LarderError, minuteMs } from '../../domain/index.ts'
import { fitSchedule } from './budget.ts'
import type { Crew } from './crew.ts'
import { createEpochQueue } from './epochs.ts'
import { alive, memberSeed, spentMs, type TrainingRun } from './run.ts'

const heldOutOriginsAtMost = 14
/** What forecasting and judging the held-out days costs for each origin, in times of building its rows. */
const judgingBuilds = 40
/** Part of the limit that is planned with: the rest is for what was not foreseen. */
const plannedPart = 0.95

/** Every member learns all days but the held-out ones; who diverges begins once more with another seed. */
export async function learnMain(run: TrainingRun, crew: Crew): Promise<void> {
  const diverged = await learnPhase(run, crew, 'main', alive(run))
  for (const member of diverged) {
    run.members[member] = {
      seed: memberSeed(run.seed, member, 1),
      epochs: 0,
      isAlive: true,
    }
  }
  leaveOut(run, await learnPhase(run, crew, 'main', diverged))
}

/** The held-out days are let in. */
export async function learnSettling(run: TrainingRun, crew: Crew): Promise<void> {
  leaveOut(run, await learnPhase(run, crew, 'settle', alive(run)))
}

function leaveOut(run: TrainingRun, diverged: readonly number[]): void {
  for (const member of diverged) {
    run.members[member] = { ...run.members[member]!, isAlive: false }
  }
  if (alive(run).length > 0) return
  throw new LarderError(
    'RT_INTERNAL',
    'Training diverged with every seed that was tried: the loss is no number. Look for amounts in the history that are wildly too large, or lower the learning rate.',
  )
}

/**
 * Brings the members that are alive to the end of the phase, side by side. Answers those that diverged, which are where they
 * were before.
 */
async function learnPhase(
  run: TrainingRun,
  crew: Crew,
  phase: 'main' | 'settle',
  members: readonly number[],
): Promise<readonly number[]> {
  const { plan, clock } = run
  const first = (): number => (phase === 'main' ? 0 : run.schedule.main)
  const length = (): number => (phase === 'main' ? run.schedule.main : run.schedule.settle)
  const end = (): number => first() + length()
  const going = members.filter((member) => run.members[member]!.epochs < end())
  if (going.length === 0) return []
  // Epochs after the held-out days are let in have numbers of their own, however short the first phase was.
  const numberOf = (epoch: number): number =>
    phase === 'main' ? epoch : plan.epochs + (epoch - first())
  const queue = createEpochQueue({
    crew,
    stores: run.stores,
    starts: new Map(going.map((member) => [member, run.members[member]!.epochs])),
    end,
    numberOf,
    scaling: run.scaling,
    now: () => clock.now(),
    onBuilt: ({ scaling }, tookMs) => {
      run.scaling = scaling
      run.built.count++
      run.built.ms += tookMs
    },
  })
  const diverged: number[] = []

  let hasFailed = false

  const learn = async (member: number): Promise<void> => {
    for (let epoch = run.members[member]!.epochs; epoch < end() && !hasFailed; epoch++) {
      const rows = await queue.take(epoch)
      const { seed } = run.members[member]!
      const loss = await crew.run(async (hand) => {
        const startedAt = clock.now()
        run.begun = Math.max(run.begun, epoch + 1)
        const loss = await hand.learn({
          ...{ member, seed, epoch: numberOf(epoch), rows, phase },
          from: (epoch - first()) / length(),
          to: (epoch + 1 - first()) / length(),
        })
        run.learnt.count++
        run.learnt.ms += clock.now() - startedAt
        return loss
      })
      run.shares[member] = 0
      if (!Number.isFinite(loss)) {
        diverged.push(member)
        return
      }
      run.members[member] = { ...run.members[member]!, epochs: epoch + 1 }
      shorten(run, phase, diverged)
      run.onMove()
      // Before the judgement a checkpoint would have to be judged with weights that have moved on.
      if (phase === 'main' || run.heldOut !== null) await keepCheckpoint(run, member)
      queue.moveOn(member, epoch + 1)
    }
  }
  // All have stopped, and their checkpoints are written, before whoever waits hears of a failure.
  const ends = await Promise.allSettled(
    going.map(async (member) => {
      try {
        await learn(member)
      } catch (error) {
        hasFailed = true
        throw error
      } finally {
        queue.moveOn(member, Infinity)
      }
    }),
  )
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  return diverged
}

/** The schedule is looked at anew after every epoch: what the machine does besides is not known beforehand. */
function shorten(run: TrainingRun, phase: 'main' | 'settle', lost: readonly number[]): void {
  const buildMs = run.built.ms / Math.max(1, run.built.count)
  run.schedule = fitSchedule(
    run.schedule,
    {
      phase,
      buildMs,
      learnMs: run.learnt.ms / Math.max(1, run.learnt.count),
      hands: run.hands,
      epochs: run.members.flatMap(({ isAlive, epochs }, member) =>
        isAlive && !lost.includes(member) ? [epochs] : [],
      ),
      begun: run.begun,
      otherMs:
        run.heldOut === null
          ? (judgingBuilds * heldOutOriginsAtMost * buildMs) /
            Math.max(1, run.plan.originsPerEpoch) /
            run.hands
          : 0,
      leftMs: run.maxMinutes * minuteMs * plannedPart - spentMs(run),
    },
    run.plan.settleEpochs / (run.plan.epochs + run.plan.settleEpochs),
  )
}

async function keepCheckpoint(run: TrainingRun, member: number): Promise<void> {
  const { checkpoint, key, schedule, scaling, heldOut, members } = run
  if (!checkpoint || !scaling) return
  const mark = { key, schedule, scaling, heldOut, members: [...members], spentMs: spentMs(run) }
  await checkpoint.save(mark, member, run.states[member]!)
}
