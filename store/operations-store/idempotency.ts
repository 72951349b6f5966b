import { LarderError, minuteMs } from '../../domain/index.ts'
import type { Session } from './session.ts'

export interface StoredAnswer {
  readonly status: number
  readonly body: string
}

/** A key is its request's for so long; where the process died that answered it, whoever asks again then takes it over. */
export const keyHeldMs = minuteMs

/** `wallAt` is the wall's: a request runs there, however fast the city's clock. */
export async function beginIdempotent(
  session: Session,
  key: string,
  requestHash: string,
  { at, wallAt }: { readonly at: number; readonly wallAt: number },
): Promise<StoredAnswer | null> {
  // There is no answer while a request is in flight: until when it holds the key stands in its place.
  const heldUntil = String(wallAt + keyHeldMs)
  const found = await session.db
    .selectFrom('idempotency')
    .selectAll()
    .where('key', '=', key)
    .executeTakeFirst()
  if (!found) {
    await session.db
      .insertInto('idempotency')
      .values({ key, requestHash, status: null, body: heldUntil, at })
      .execute()
    return null
  }
  if (found.requestHash !== requestHash) {
    throw new LarderError(
      'RT_IDEMPOTENCY_KEY_REUSED',
      `The Idempotency-Key "${key}" was used for another request. Send a new key with a new request.`,
    )
  }
  if (found.status !== null) return { status: found.status, body: found.body ?? '' }
  const leftMs = Number(found.body ?? 0) - wallAt
  // A clock that was set back since holds no key for longer.
  if (leftMs > 0 && leftMs <= keyHeldMs) {
    throw new LarderError(
      'RT_IN_FLIGHT',
      `The first request with this Idempotency-Key is still being answered. Try again in a moment; where its process ended, the key is free again in ${Math.ceil(leftMs / 1000)} s.`,
    )
  }
  await session.db
    .updateTable('idempotency')
    .set({ body: heldUntil, at })
    .where('key', '=', key)
    .execute()
  return null
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
