import type { Kysely } from 'kysely'
import type { Applied, RetainedMessage, RetainedStore } from '../../domain/index.ts'
import { advance, readApplied } from './applied.ts'
import { chunks, upsertInChunks } from './rows.ts'
import type { Tables } from './schema.ts'
import type { Session } from './session.ts'

const group = 'retained'

export async function readRetained(
  db: Kysely<Tables>,
): Promise<Awaited<ReturnType<RetainedStore['retained']>>> {
  const through = await readApplied(db, group)
  const rows = await db.selectFrom('retained').selectAll().orderBy('topic').execute()
  return {
    through,
    messages: rows.map((row) => ({ ...row, qos: row.qos as RetainedMessage['qos'] })),
  }
}

export async function keepRetained(
  session: Session,
  messages: readonly RetainedMessage[],
  { partition, position }: Omit<Applied, 'group'>,
): Promise<void> {
  if (!(await advance(session.db, { group, partition, position }))) return
  const newest = new Map(messages.map((message) => [message.topic, message]))
  const cleared = [...newest.values()].filter(({ payload }) => payload.length === 0)
  const kept = [...newest.values()].filter(({ payload }) => payload.length > 0)
  await upsertInChunks(
    session.db,
    'retained',
    ['topic'],
    kept.map(({ topic, payload, qos, receivedAt }) => ({ topic, payload, qos, receivedAt })),
  )
  for (const chunk of chunks(cleared))
    await session.db
      .deleteFrom('retained')
      .where(
        'topic',
        'in',
        chunk.map(({ topic }) => topic),
      )
      .execute()
}
