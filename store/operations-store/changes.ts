import type { Kysely } from 'kysely'
import type { Change } from '../../domain/index.ts'
import type { Tables } from './schema.ts'

export async function readChanges(
  db: Kysely<Tables>,
  after: number,
  limit: number,
): Promise<{
  readonly changes: readonly Change[]
  readonly oldest: number
  readonly newest: number
}> {
  const rows = await db
    .selectFrom('changes')
    .selectAll()
    .where('number', '>', after)
    .orderBy('number')
    .limit(Math.max(1, Math.floor(limit)))
    .execute()
  const first = await db
    .selectFrom('changes')
    .select('number')
    .orderBy('number')
    .limit(1)
    .executeTakeFirst()
  return {
    changes: rows as readonly Change[],
    oldest: first?.number ?? 1,
    newest: await newestChange(db),
  }
}

/** 0 before the first. */
export async function newestChange(db: Kysely<Tables>): Promise<number> {
  const last = await db
    .selectFrom('changes')
    .select('number')
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
  return last?.number ?? 0
}
