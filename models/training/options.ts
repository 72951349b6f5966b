import type { Clock, Progress } from '../../domain/index.ts'
import type { NetworkModel } from '../network-model.ts'
import type { CrewStarter } from './crew.ts'
import type { TrainingPlan } from './plan.ts'

export interface TrainingOptions {
  /** Hours from here on (epoch ms) are not looked at. */
  readonly until: number
  readonly seed: number
  /** Bounds all members together, and their scoring. */
  readonly maxMinutes: number
  /** The wall's. */
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
  /** After every epoch all state is kept here, and a training that stopped before its end goes on from it. */
  readonly checkpointFolder?: string | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
  readonly plan?: Partial<TrainingPlan> | undefined
  /** Who does the work; this thread where absent. The same seed gives the same weights whoever does it. */
  readonly crew?: CrewStarter | undefined
  /** Other models, scored on the same held-out windows under the name of their version. */
  readonly against?: readonly NetworkModel[] | undefined
}
