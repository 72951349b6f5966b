import { fencedError, type Applied, type Position } from '../../../domain/index.ts'
import type { AppliedPositions } from './trailing-cursor.ts'

/** Positions as the operations store keeps them, for tests. */
export function memoryPositions(): AppliedPositions & { readonly saved: readonly Applied[] } {
  const groups = new Map<string, Map<number, Position>>()
  const saved: Applied[] = []
  return {
    saved,
    read: (group) => Promise.resolve(new Map(groups.get(group))),
    async save(applied) {
      const { group, partition, position, from } = applied
      const positions = groups.get(group) ?? new Map<number, Position>()
      groups.set(group, positions)
      const stands = positions.get(partition) ?? null
      if (from !== undefined && stands !== from && stands !== position)
        throw fencedError(applied, stands)
      positions.set(partition, Math.max(position, stands ?? position))
      saved.push(applied)
      await Promise.resolve()
    },
  }
}
