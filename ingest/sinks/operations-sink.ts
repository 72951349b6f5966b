import type { OperationsBatch, OperationsStore } from '../../store/index.ts'
import type { EffectsWatch } from '../derive/operations-effects.ts'
import type { Sink } from './sink.ts'

/** What a batch says of devices, stock, alarms, commands and dead letters, in one transaction of the operations store. */
export function createOperationsSink(deps: {
  readonly operations: OperationsStore
  readonly effects: EffectsWatch
}): Sink {
  const { operations, effects } = deps
  const group = 'operations'
  /** Building moves what the watches remember: a batch that is tried again is built only once. */
  let built: OperationsBatch | null = null

  return {
    group,
    applied: () => operations.applied(group),
    async write(messages, applied) {
      const isSame =
        built?.applied.partition === applied.partition &&
        built.applied.position === applied.position
      built = isSame ? built : { applied, ...effects.of(messages) }
      await operations.applyBatch(built!)
      built = null
    },
  }
}
