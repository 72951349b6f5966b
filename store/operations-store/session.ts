import type { Kysely } from 'kysely'
import { LarderError, type RegistryChange, type ResourceKind } from '../../domain/index.ts'
import { describeSystemError } from '../../runtime/index.ts'
import { newestChange } from './changes.ts'
import { upsertInChunks } from './rows.ts'
import type { Tables } from './schema.ts'

/** One transaction: its queries, and what it will say it changed. */
export interface Session {
  readonly db: Kysely<Tables>
  /** The resource has changed: one row of the outbox per resource and transaction, however often it is told. */
  touch(resource: ResourceKind, id: string, at: number): void
  tell(change: RegistryChange): void
}

export type RunSession = <T>(work: (session: Session) => Promise<T>) => Promise<T>

/**
 * Runs work in transactions and writes the outbox at the end of each, numbered on from the newest row: dense, because
 * there is one writer and a rollback takes its numbers back with it.
 */
export function createSessionRunner(
  db: Kysely<Tables>,
  on: {
    readonly changed: (newest: number) => void
    readonly registry: (change: RegistryChange) => void
  },
): RunSession {
  return async (work) => {
    const touched = new Map<string, { resource: ResourceKind; id: string; at: number }>()
    const told: RegistryChange[] = []
    try {
      const { result, newest } = await db.transaction().execute(async (tx) => {
        const result = await work({
          db: tx,
          touch(resource, id, at) {
            const key = `${resource} ${id}`
            const earlier = touched.get(key)
            touched.set(key, { resource, id, at: Math.max(at, earlier?.at ?? at) })
          },
          tell: (change) => void told.push(change),
        })
        return { result, newest: await writeChanges(tx, [...touched.values()]) }
      })
      if (newest !== null) on.changed(newest)
      for (const change of told) on.registry(change)
      return result
    } catch (error) {
      if (error instanceof LarderError) throw error
      throw describeSystemError(error, {
        what: 'The operations store could not finish a transaction; nothing of it was kept',
        remedy: '',
      })
    }
  }
}

async function writeChanges(
  db: Kysely<Tables>,
  touched: readonly { resource: ResourceKind; id: string; at: number }[],
): Promise<number | null> {
  if (touched.length === 0) return null
  const last = await newestChange(db)
  await upsertInChunks(
    db,
    'changes',
    ['number'],
    touched.map((change, index) => ({ ...change, number: last + index + 1, state: 'updated' })),
  )
  return last + touched.length
}
