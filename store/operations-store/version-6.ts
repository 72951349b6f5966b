import { sql, type Kysely } from 'kysely'
import type { BinaryType, Tables } from './schema.ts'

/** What is known from outside of hours: weather, promotions, events, social interest. Never edited. */
export async function createVersion6(db: Kysely<Tables>, binary: BinaryType): Promise<void> {
  const text = binary === 'bytea' ? sql`text collate "C"` : sql`text`
  await db.schema
    .createTable('context')
    .addColumn('id', text, (column) => column.primaryKey())
    .addColumn('subject', text, (column) => column.notNull())
    .addColumn('signal', text, (column) => column.notNull())
    .addColumn('site', text)
    .addColumn('product', text)
    .addColumn('startAt', 'bigint', (column) => column.notNull())
    .addColumn('endAt', 'bigint', (column) => column.notNull())
    .addColumn('issuedAt', 'bigint', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .execute()
  for (const columns of [['subject', 'startAt'], ['startAt', 'id'], ['endAt']])
    await db.schema
      .createIndex(
        `contextBy${columns.map((name) => name[0]!.toUpperCase() + name.slice(1)).join('')}`,
      )
      .on('context')
      .columns(columns)
      .execute()
}
