import type { DeadLetter } from '../../domain/index.ts'
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

export async function markReplayed(
  session: Session,
  ids: readonly string[],
  at: number,
): Promise<void> {
  for (const chunk of chunks(ids)) {
    await session.db
      .updateTable('deadLetters')
      .set({ replayedAt: at, status: 'replayed' })
      .where('id', 'in', chunk)
      .execute()
  }
  for (const id of ids) session.touch('dead-letters', id, at)
}
