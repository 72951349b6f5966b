import type { Kysely } from 'kysely'
import type { Applied, Position } from '../../domain/index.ts'
import type { Tables } from './schema.ts'

/** False where the group has come so far already. */
export async function advance(db: Kysely<Tables>, applied: Applied): Promise<boolean> {
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

export async function readApplied(
  db: Kysely<Tables>,
  group: string,
): Promise<ReadonlyMap<number, Position>> {
  const rows = await db.selectFrom('applied').selectAll().where('consumer', '=', group).execute()
  return new Map(rows.map(({ partition, position }) => [partition, position]))
}
