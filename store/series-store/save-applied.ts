import { fencedError, type Applied, type Reading } from '../../domain/index.ts'
import type { prepareStatements } from './series-statements.ts'

/** Moves the group and its sites' watermarks on, in the transaction of the rows; throws where another has moved the group. */
export function saveApplied(
  sql: ReturnType<typeof prepareStatements>,
  readings: readonly Reading[],
  applied: Applied,
): void {
  const { group, partition, position, from } = applied
  if (from !== undefined) {
    const stands = (sql.readApplied.get(group, partition) as number | undefined) ?? null
    if (stands !== position && stands !== from) throw fencedError(applied, stands)
  }
  sql.saveApplied.run(group, partition, position)
  const marks = new Map<string, number>()
  for (const { site, receivedAt } of readings) {
    if (receivedAt > (marks.get(site) ?? -1)) marks.set(site, receivedAt)
  }
  for (const [site, at] of marks) sql.saveWatermark.run(site, at)
}
