import type { Kysely } from 'kysely'
import { LarderError, type RegistryChange, type ResourceKind } from '../../domain/index.ts'
import { describeSystemError } from '../../runtime/index.ts'
import type { OutboxEngine, Touched } from './outbox-engine.ts'
import type { Tables } from './schema.ts'

/** One transaction: its queries, and what it will say it changed. */
export interface Session {
  readonly db: Kysely<Tables>
  /** The resource has changed: one row of the outbox per resource and transaction, however often it is told. */
  touch(resource: ResourceKind, id: string, at: number): void
  tell(change: RegistryChange): void
}

export type RunSession = <T>(work: (session: Session) => Promise<T>) => Promise<T>

/** Runs work in transactions and leaves in each, at its end, what it changed. */
export function createSessionRunner(engine: OutboxEngine): RunSession {
  return async (work) => {
    try {
      const { result, ...done } = await engine.transact(async (tx) => {
        const touched = new Map<string, Touched>()
        const told: RegistryChange[] = []
        const result = await work({
          db: tx,
          touch(resource, id, at) {
            const key = `${resource} ${id}`
            const earlier = touched.get(key)
            touched.set(key, { resource, id, at: Math.max(at, earlier?.at ?? at) })
          },
          tell: (change) => void told.push(change),
        })
        const changes = [...touched.values()]
        const newest = await engine.write(tx, changes, told)
        return { result, newest, touched: changes, told }
      })
      await engine.committed(done)
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
