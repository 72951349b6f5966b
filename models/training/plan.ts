import { createRandom } from '../../runtime/index.ts'
import type { History } from '../forecaster.ts'

/** How long and on what to train. Epochs of the first phase leave the held-out days alone; those of the second take them in. */
export interface TrainingPlan {
  /** Networks that are trained from different seeds and answer together. */
  readonly members: number
  readonly width: number
  readonly blocks: number
  readonly batch: number
  readonly epochs: number
  readonly settleEpochs: number
  readonly originsPerEpoch: number
  /** Part of the series that each origin teaches with. */
  readonly seriesShare: number
  /** How often an hour before a quiet half-day is an origin, for each time that one before a busy one is. */
  readonly quietShare: number
  readonly learningRate: number
  readonly settleLearningRate: number
  /** Share of the inputs that go missing while learning, by chance; categories never do. */
  readonly inputDropout: number
  /** Share of a weight (not of a bias) that each step takes away, in units of the learning rate. */
  readonly weightDecay: number
  /** Steps over which the weights that are kept are averaged, fading (at most a tenth of those taken); 0 keeps the last. */
  readonly averagedSteps: number
  /** What the quantiles of the hours, their means and the mean of the total count in the loss beside the total's quantiles. */
  readonly lossWeights: LossWeights
  /** Hours from `history.from`: first origin, first held-out hour, end of the history. */
  readonly firstOrigin: number
  readonly heldOutFrom: number
  readonly until: number
}

export interface LossWeights {
  readonly hours: number
  readonly mean: number
  readonly hourMean: number
}

/** A shop is stocked for half a day and staffed by the hour: of demand the total matters most, of footfall the hours. */
const lossWeights = {
  demand: { hours: 0.3, mean: 0.3, hourMean: 0.1 },
  footfall: { hours: 2, mean: 0.1, hourMean: 0.2 },
} as const

/**
 * How often a window may come up in training: windows an hour apart share eleven hours, so a network that sees each more
 * often learns the few weeks by heart, and its quantiles come out too narrow (docs/decisions/0005).
 */
const mostPasses = 2.5
const fewestEpochs = 3

/**
 * All series share the surprise of a day, so an epoch of few origins is learnt by heart and forgotten with the next one. Where
 * there are many series an origin teaches with a part of them, at least a quarter: measuring the others costs time too.
 */
const originsWanted = 112
const leastSeriesShare = 1 / 4

/** Sized so that a city of hundreds of series trains within a minute and one of ten thousand within twenty. */
export function planTraining(history: History, until: number): TrainingPlan {
  const days = Math.floor(until / 24)
  const heldOutDays = Math.min(7, Math.max(1, Math.floor(days / 8)))
  const isFootfall = history.target === 'footfall'
  const isLarge = history.series.length > 2000
  const rowsPerEpoch = isLarge ? 200_000 : 16_000
  const daysBefore = Math.max(Math.min(7, Math.floor(days / 2)), Math.floor(days / 4))
  const firstOrigin = 24 * Math.min(14, daysBefore)
  const heldOutFrom = until - 24 * heldOutDays
  const windows = history.series.length * (heldOutFrom - 12 - firstOrigin)
  const epochs = Math.round((mostPasses * windows) / rowsPerEpoch)
  const share = rowsPerEpoch / (originsWanted * Math.max(1, history.series.length))
  const seriesShare = isLarge ? Math.min(1, Math.max(leastSeriesShare, share)) : 1
  return {
    members: isLarge || isFootfall ? 3 : 1,
    width: isLarge ? 192 : 96,
    blocks: 2,
    batch: isLarge ? 1024 : 256,
    epochs: Math.min(isLarge ? 16 : 12, Math.max(fewestEpochs, epochs)),
    settleEpochs: Math.min(isLarge ? 8 : 3, Math.max(1, Math.round(epochs / 4))),
    originsPerEpoch: Math.min(
      heldOutFrom - 12 - firstOrigin,
      Math.max(2, Math.round(rowsPerEpoch / Math.max(1, history.series.length * seriesShare))),
    ),
    seriesShare,
    quietShare: isLarge ? 1 / 16 : 1 / 3,
    learningRate: 1e-3,
    settleLearningRate: isLarge ? 6e-4 : 3e-4,
    inputDropout: isLarge ? 0.2 : 0.1,
    weightDecay: isLarge ? 1 : 0,
    averagedSteps: 0,
    lossWeights: lossWeights[isFootfall ? 'footfall' : 'demand'],
    firstOrigin,
    heldOutFrom,
    until,
  }
}

/** Learning rate where `share` (0..1) of the main phase, or of the settling one, is over. */
export function rateAt(plan: TrainingPlan, phase: 'main' | 'settle', share: number): number {
  const first = phase === 'main' ? plan.learningRate : plan.settleLearningRate
  return first * Math.max(0.03, 1 - share)
}

/** Fewest known hours before `until` with which training makes sense: a week to look back on and a day to learn from. */
export const leastTrainingHours = 8 * 24

/** The origins of one epoch, by chance: each day alike, hours before a quiet half-day only `quietShare` as often as others. */
export function pickOrigins(
  plan: TrainingPlan,
  epoch: number,
  seed: number,
  profile: readonly number[],
  localHourAtStart: number,
): readonly number[] {
  const random = createRandom(seed * 1009 + epoch * 7919 + 1)
  const end = (epoch < plan.epochs ? plan.heldOutFrom : plan.until) - 12
  const ahead = profile.map((_, hour) => {
    let sum = 0
    for (let j = 0; j < 12; j++) sum += profile[(hour + j) % 24]!
    return sum
  })
  const busiest = Math.max(...ahead)
  const isBusy = (origin: number): boolean =>
    ahead[(localHourAtStart + origin) % 24]! >= 0.8 * busiest
  const picked = new Set<number>()
  const wanted = Math.min(plan.originsPerEpoch, end - plan.firstOrigin)
  while (picked.size < wanted) {
    const origin = plan.firstOrigin + Math.floor(random.next() * (end - plan.firstOrigin))
    if (isBusy(origin) || random.next() < plan.quietShare) picked.add(origin)
  }
  return [...picked]
}
