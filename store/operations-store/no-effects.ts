import type { OperationsEffects } from './operations-batch.ts'

/** For a position that moves while nothing is said. */
export const noEffects: OperationsEffects = {
  ...{ sightings: [], stock: [], deadLetters: [], alarms: [], commandResults: [] },
}
