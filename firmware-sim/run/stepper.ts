import type { CityCommand, CityEvent, CommandResult, World } from '../city/index.ts'
import type { Fleet, Publisher } from '../devices/index.ts'

/** What was done to the world and the devices from outside, at the city time it was done. */
export type Intervention =
  | { readonly at: number; readonly command: CityCommand }
  | { readonly at: number; readonly path: string; readonly intervalMs: number }

/** A world and its devices, moved on by hand: for the live loop, and for tests that step to a time and wait for every PUBACK. */
export interface Stepper {
  now(): number
  /** Steps the world and hands its messages over; does not wait. */
  step(toAt: number): void
  /** Resolves when every message up to `toAt` has its PUBACK. */
  stepTo(toAt: number, options?: { readonly signal?: AbortSignal }): Promise<void>
  apply(command: CityCommand): CommandResult
  setIntervalMs(path: string, intervalMs: number): void
  /** Does again what was done after a save, in its order, so that the same messages come with the same seq. */
  redo(interventions: readonly Intervention[]): void
}

export function createStepper(deps: {
  readonly world: World
  readonly fleet: Fleet
  readonly publisher: Publisher
  readonly onIntervention?: (intervention: Intervention) => void
  readonly onEvents?: (events: readonly CityEvent[]) => void
}): Stepper {
  const { world, fleet, publisher } = deps
  const step = (toAt: number): void => {
    if (toAt < world.now()) return
    const events = world.step(toAt)
    deps.onEvents?.(events)
    publisher.publish(fleet.take(events, toAt))
  }
  return {
    now: () => world.now(),
    step,
    async stepTo(toAt, options = {}) {
      step(toAt)
      await publisher.drained(options)
    },
    apply(command) {
      deps.onIntervention?.({ at: world.now(), command })
      return world.apply(command)
    },
    setIntervalMs(path, intervalMs) {
      fleet.setIntervalMs(path, intervalMs)
      deps.onIntervention?.({ at: world.now(), path, intervalMs })
    },
    redo(interventions) {
      for (const one of interventions) {
        step(one.at)
        if ('command' in one) world.apply(one.command)
        else fleet.setIntervalMs(one.path, one.intervalMs)
      }
    },
  }
}
