import type { Kysely } from 'kysely'
import { fencedError, type Applied, type Position } from '../../domain/index.ts'
import type { Tables } from './schema.ts'

/** False where the group has come so far already. Throws RT_FENCED where it is not where `from` says. */
export async function advance(db: Kysely<Tables>, applied: Applied): Promise<boolean> {
  if (applied.from !== undefined) return advanceFrom(db, applied, applied.from)
  const { group, partition, position } = applied
  const result = await db
    .insertInto('applied')
    .values({ consumer: group, partition, position })
    .onConflict((conflict) =>
      conflict
        .columns(['consumer', 'partition'])
        .doUpdateSet({ position })
        .where('applied.position', '<', position),
    )
    .executeTakeFirst()
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n
}

async function advanceFrom(
  db: Kysely<Tables>,
  { group, partition, position }: Applied,
  from: Position | null,
): Promise<boolean> {
  if (from === null) {
    const { numInsertedOrUpdatedRows: inserted } = await db
      .insertInto('applied')
      .values({ consumer: group, partition, position })
      .onConflict((conflict) => conflict.columns(['consumer', 'partition']).doNothing())
      .executeTakeFirst()
    if ((inserted ?? 0n) > 0n) return true
  } else {
    const { numUpdatedRows: updated } = await db
      .updateTable('applied')
      .set({ position })
      .where('consumer', '=', group)
      .where('partition', '=', partition)
      .where('position', '=', from)
      .executeTakeFirst()
    if (updated > 0n) return true
  }
  const stands = (await readApplied(db, group)).get(partition) ?? null
  if (stands === position) return false
  throw fencedError({ group, partition, position, from }, stands)
}

export async function readApplied(
  db: Kysely<Tables>,
  group: string,
): Promise<ReadonlyMap<number, Position>> {
  const rows = await db.selectFrom('applied').selectAll().where('consumer', '=', group).execute()
  return new Map(rows.map(({ partition, position }) => [partition, position]))
}
