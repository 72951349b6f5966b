import type { TensorFlow } from '../tf.ts'
import { createHand, type TrainingHand, type TrainingSetup } from './hand.ts'

/** Hands that take up work in the order in which it is asked for. */
export interface Crew {
  readonly size: number
  run<T>(work: (hand: TrainingHand) => Promise<T>): Promise<T>
  stop(): Promise<void>
}

export interface CrewRun {
  readonly signal?: AbortSignal | undefined
  readonly onShare: (member: number, share: number) => void
}

/** How training gets its hands. `size` is how many it asks for. */
export interface CrewStarter {
  readonly size: number
  start(setup: TrainingSetup, run: CrewRun): Promise<Crew>
}

/** One hand in this thread. */
export function hereAlone(tensorFlow: TensorFlow): CrewStarter {
  return {
    size: 1,
    start: (setup, run) =>
      Promise.resolve(createCrew([createHand(tensorFlow, setup, run)], () => Promise.resolve())),
  }
}

export function createCrew(hands: readonly TrainingHand[], stop: () => Promise<void>): Crew {
  const idle = [...hands]
  const waiting: ((hand: TrainingHand) => void)[] = []
  return {
    size: hands.length,
    stop,
    async run(work) {
      const hand = idle.shift() ?? (await new Promise<TrainingHand>((take) => waiting.push(take)))
      try {
        return await work(hand)
      } finally {
        const next = waiting.shift()
        if (next) next(hand)
        else idle.push(hand)
      }
    },
  }
}
