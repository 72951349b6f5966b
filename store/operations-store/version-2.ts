import { sql, type Kysely } from 'kysely'
import type { BinaryType, Tables } from './schema.ts'

/** Retained messages of the gateway, what a bridge's topics mean, and for which device it sent a dead letter. Never edited, only followed by version 3. */
export async function createVersion2(db: Kysely<Tables>, binary: BinaryType): Promise<void> {
  await db.schema
    .alterTable('credentials')
    .addColumn('mappings', 'text', (column) => column.notNull().defaultTo('[]'))
    .execute()
  await db.schema
    .createTable('retained')
    .addColumn('topic', 'text', (column) => column.primaryKey())
    .addColumn('payload', sql.raw(binary), (column) => column.notNull())
    .addColumn('qos', 'integer', (column) => column.notNull())
    .addColumn('receivedAt', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema.alterTable('deadLetters').addColumn('path', 'text').execute()
}
