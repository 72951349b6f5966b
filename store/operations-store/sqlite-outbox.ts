import type { Kysely } from 'kysely'
import { newestChange } from './changes.ts'
import type { OutboxEngine, OutboxListener } from './outbox-engine.ts'
import { upsertInChunks } from './rows.ts'
import type { Tables } from './schema.ts'

/**
 * One writer: its transactions follow each other, so that each numbers its own changes on from the newest row. Dense, because
 * a rollback takes its numbers back with it.
 */
export function createSqliteOutbox(db: Kysely<Tables>, listener: OutboxListener): OutboxEngine {
  return {
    transact: (work) => db.transaction().execute(work),
    async write(tx, touched) {
      if (touched.length === 0) return null
      const last = await newestChange(tx)
      await upsertInChunks(
        tx,
        'changes',
        ['number'],
        touched.map((change, index) => ({ ...change, number: last + index + 1, state: 'updated' })),
      )
      return last + touched.length
    },
    committed({ newest, told }) {
      if (newest !== null) listener.changed(newest)
      for (const change of told) listener.registry(change)
      return Promise.resolve()
    },
  }
}
