import type { Kysely } from 'kysely'
import type { DeadLetter, DeadLetterReason } from '../../domain/index.ts'
import type { DeadLetterCount } from './operations-store.ts'
import { chunks, without } from './rows.ts'
import type { Tables } from './schema.ts'
import type { Session } from './session.ts'

export function deadLetterFromRow(row: Tables['deadLetters']): DeadLetter {
  return { ...without(row, 'status'), payload: new Uint8Array(row.payload) } as DeadLetter
}

/** The same message is one dead letter; read again, its reason is the newest. */
export async function saveDeadLetters(
  session: Session,
  letters: readonly DeadLetter[],
): Promise<void> {
  const unique = [...new Map(letters.map((letter) => [letter.id, letter])).values()]
  for (const chunk of chunks(unique)) {
    await session.db
      .insertInto('deadLetters')
      .values(
        chunk.map((letter) => ({
          ...letter,
          payload: Buffer.from(letter.payload),
          status: letter.replayedAt === null ? 'open' : 'replayed',
        })),
      )
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet((eb) => ({
          reason: eb.ref('excluded.reason'),
          words: eb.ref('excluded.words'),
        })),
      )
      .execute()
  }
  for (const { id, receivedAt } of unique) session.touch('dead-letters', id, receivedAt)
}

/** False where it had been replayed before, or is gone. */
export async function closeDeadLetter(session: Session, id: string, at: number): Promise<boolean> {
  const { numUpdatedRows } = await session.db
    .updateTable('deadLetters')
    .set({ replayedAt: at, status: 'replayed' })
    .where('id', '=', id)
    .where('status', '=', 'open')
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return false
  session.touch('dead-letters', id, at)
  return true
}

export async function explainDeadLetter(
  session: Session,
  id: string,
  { reason, words }: Pick<DeadLetter, 'reason' | 'words'>,
): Promise<void> {
  await session.db
    .updateTable('deadLetters')
    .set({ reason, words })
    .where('id', '=', id)
    .where('status', '=', 'open')
    .execute()
}

export async function countDeadLetters(db: Kysely<Tables>): Promise<readonly DeadLetterCount[]> {
  const rows = await db
    .selectFrom('deadLetters')
    .select(['reason', 'status', ({ fn }) => fn.countAll<number | string>().as('letters')])
    .groupBy(['reason', 'status'])
    .execute()
  const counts = new Map<string, { open: number; replayed: number }>()
  for (const { reason, status, letters } of rows) {
    const count = counts.get(reason) ?? { open: 0, replayed: 0 }
    count[status === 'open' ? 'open' : 'replayed'] += Number(letters)
    counts.set(reason, count)
  }
  return [...counts]
    .map(([reason, count]) => ({ reason: reason as DeadLetterReason, ...count }))
    .sort((a, b) => b.open - a.open || b.replayed - a.replayed || (a.reason < b.reason ? -1 : 1))
}
