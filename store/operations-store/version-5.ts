import { sql, type Kysely } from 'kysely'
import type { BinaryType, Tables } from './schema.ts'

/** Births of Sparkplug edge nodes, and what shelves and tills say of a stock position apart from each other. Never edited. */
export async function createVersion5(db: Kysely<Tables>, binary: BinaryType): Promise<void> {
  await db.schema
    .createTable('births')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('topic', 'text', (column) => column.notNull())
    .addColumn('site', 'text', (column) => column.notNull())
    .addColumn('device', 'text', (column) => column.notNull())
    .addColumn('payload', sql.raw(binary), (column) => column.notNull())
    .addColumn('receivedAt', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema.alterTable('stock').addColumn('counts', 'text').execute()
}
