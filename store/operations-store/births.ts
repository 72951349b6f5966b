import type { Kysely } from 'kysely'
import type { KeptBirth } from '../../domain/index.ts'
import { chunks, upsertInChunks } from './rows.ts'
import type { Tables } from './schema.ts'
import type { Session } from './session.ts'

/** The newest of each id, in the order given. */
export async function saveBirths(session: Session, births: readonly KeptBirth[]): Promise<void> {
  if (births.length === 0) return
  const newest = [...new Map(births.map((birth) => [birth.id, birth])).values()]
  for (const chunk of chunks(newest)) {
    const rows = chunk.map((birth) => ({ ...birth, payload: Buffer.from(birth.payload) }))
    await upsertInChunks(session.db, 'births', ['id'], rows)
  }
}

export async function readBirths(db: Kysely<Tables>): Promise<readonly KeptBirth[]> {
  const rows = await db.selectFrom('births').selectAll().orderBy('id').execute()
  return rows.map((row) => ({ ...row, payload: new Uint8Array(row.payload) }))
}
