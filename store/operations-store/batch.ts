import type { Kysely } from 'kysely'
import type { Applied, Position } from '../../domain/index.ts'
import { raiseAlarms } from './alarms.ts'
import { saveDeadLetters } from './dead-letters.ts'
import { applyCommandResults, applySightings } from './devices.ts'
import type { OperationsBatch } from './operations-store.ts'
import type { Tables } from './schema.ts'
import type { Session } from './session.ts'
import { observeStock } from './stock.ts'

export async function applyBatch(session: Session, batch: OperationsBatch): Promise<void> {
  if (!(await advance(session, batch.applied))) return
  await applySightings(session, batch.sightings)
  await observeStock(session, batch.stock)
  await saveDeadLetters(session, batch.deadLetters)
  await raiseAlarms(session, batch.alarms)
  await applyCommandResults(session, batch.commandResults)
}

/** False where the group has come so far already. */
async function advance(session: Session, applied: Applied): Promise<boolean> {
  const { group, partition, position } = applied
  const result = await session.db
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
