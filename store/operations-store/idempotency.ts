import { LarderError } from '../../domain/index.ts'
import type { Session } from './session.ts'

export interface StoredAnswer {
  readonly status: number
  readonly body: string
}

export async function beginIdempotent(
  session: Session,
  key: string,
  requestHash: string,
  at: number,
): Promise<StoredAnswer | null> {
  const found = await session.db
    .selectFrom('idempotency')
    .selectAll()
    .where('key', '=', key)
    .executeTakeFirst()
  if (!found) {
    await session.db
      .insertInto('idempotency')
      .values({ key, requestHash, status: null, body: null, at })
      .execute()
    return null
  }
  if (found.requestHash !== requestHash) {
    throw new LarderError(
      'RT_IDEMPOTENCY_KEY_REUSED',
      `The Idempotency-Key "${key}" was used for another request. Send a new key with a new request.`,
    )
  }
  if (found.status === null || found.body === null) {
    throw new LarderError(
      'RT_IN_FLIGHT',
      `The first request with the Idempotency-Key "${key}" is still being answered. Try again in a moment.`,
    )
  }
  return { status: found.status, body: found.body }
}

/** Keeps the answer; null gives the key free, for a request that failed and may be tried again. */
export async function endIdempotent(
  session: Session,
  key: string,
  answer: StoredAnswer | null,
): Promise<void> {
  if (answer) {
    const { status, body } = answer
    await session.db
      .updateTable('idempotency')
      .set({ status, body })
      .where('key', '=', key)
      .execute()
  } else await session.db.deleteFrom('idempotency').where('key', '=', key).execute()
}
