import { LarderError, type Applied, type Clock, type Position } from '../../domain/index.ts'
import { noEffects, type OperationsBatch, type OperationsStore } from '../../store/index.ts'
import type { EffectsWatch } from '../derive/operations-effects.ts'
import type { Sink } from './sink.ts'

/** So long an `applied` that nothing goes with may wait for a batch that says something. */
const longestUnsaidMs = 1_000
const group = 'operations'

/** By partition what was not written: where the store stands, and where it would. */
export type Unsaid = Map<number, { readonly from: Position | null; readonly through: Position }>

/**
 * What a batch says of devices, stock, alarms, commands and dead letters, in one transaction of the operations store. A batch
 * that says nothing is not written at once: it goes with the next that does, or a second later. What a restart then reads
 * again has changed nothing before.
 */
export function createOperationsSink(deps: {
  readonly operations: OperationsStore
  readonly effects: EffectsWatch
  readonly wall: Clock
  /** Outlives the sink, which may be opened again between two batches. */
  readonly unsaid: Unsaid
}): Sink {
  const { operations, effects, unsaid } = deps
  /** Building moves what the watches remember: a batch that is tried again is built only once. */
  let built: OperationsBatch | null = null
  const writtenAt = new Map<number, number>()

  /** The store stands where it was written last, however much nothing has come since. */
  function whereStoreStands(applied: Applied): Applied {
    const passed = unsaid.get(applied.partition)
    return passed !== undefined && passed.through === applied.from
      ? { ...applied, from: passed.from }
      : applied
  }

  return {
    group,
    applied: () => operations.applied(group),
    async write(messages, applied) {
      const isSame =
        built?.applied.partition === applied.partition &&
        built.applied.position === applied.position
      built = isSame ? built : { applied, ...effects.of(messages) }
      const { partition, position } = applied
      const now = deps.wall.now()
      const isQuiet = now - (writtenAt.get(partition) ?? -Infinity) < longestUnsaidMs
      const { from = null } = whereStoreStands(applied)
      if (isQuiet && saysNothing(built!)) unsaid.set(partition, { from, through: position })
      else {
        const standing = whereStoreStands(applied)
        // Also where it is refused: another has written then, and what is read again from the store holds.
        await operations.applyBatch({ ...built!, applied: standing }).catch((error: unknown) => {
          if (error instanceof LarderError && error.code === 'RT_FENCED') unsaid.delete(partition)
          throw error
        })
        unsaid.delete(partition)
        writtenAt.set(partition, now)
      }
      built = null
    },
  }
}

/** Where ingest stops, so that the next start does not read again what said nothing. Refused where another has written since. */
export async function writeUnsaid(operations: OperationsStore, unsaid: Unsaid): Promise<void> {
  for (const [partition, { from, through: position }] of unsaid) {
    const applied = { group, partition, position, from }
    await operations.applyBatch({ applied, ...noEffects }).catch(() => undefined)
  }
  unsaid.clear()
}

function saysNothing(batch: OperationsBatch): boolean {
  return Object.values(batch).every((part) => !Array.isArray(part) || part.length === 0)
}
