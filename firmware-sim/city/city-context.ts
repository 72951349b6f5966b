import type { CityEvent } from './city-event.ts'
import type { CityState } from './city-state.ts'
import type { CityPlan } from './plan-of-city.ts'
import type { Recorder } from './recorder.ts'

/** What a part of the city works on. `emit` and `recorder` are null where nobody listens. */
export interface CityContext {
  readonly plan: CityPlan
  readonly seed: number
  readonly state: CityState
  readonly emit: ((event: CityEvent) => void) | null
  readonly recorder: Recorder | null
}
