import { newestChange } from './changes.ts'
import { pruneModels } from './models.ts'
import { pruneContext } from './context.ts'
import type { Session } from './session.ts'

/** The newest change is kept whatever its age: numbers go on from it. */
export async function prune(session: Session, before: number): Promise<void> {
  const { db } = session
  const firstKept = await db
    .selectFrom('changes')
    .select('number')
    .where('at', '>=', before)
    .orderBy('number')
    .limit(1)
    .executeTakeFirst()
  const keepFrom = firstKept?.number ?? (await newestChange(db))
  await db.deleteFrom('changes').where('number', '<', keepFrom).execute()

  await db.deleteFrom('forecasts').where('origin', '<', before).execute()
  await db.deleteFrom('forecastHeads').where('origin', '<', before).execute()
  await pruneContext(db, before)
  await db
    .deleteFrom('leases')
    .where('expiresAt', '<', before)
    .where('status', '!=', 'held')
    .execute()
  await db
    .deleteFrom('alarms')
    .where('raisedAt', '<', before)
    .where('clearedAt', '<', before)
    .execute()
  await db.deleteFrom('deadLetters').where('receivedAt', '<', before).execute()
  await db.deleteFrom('idempotency').where('at', '<', before).execute()
  await db.deleteFrom('movements').where('reason', '=', 'sale').where('at', '<', before).execute()
  await db.deleteFrom('commands').where('expiresAt', '<', before).execute()
  await pruneModels(session, before)
}
