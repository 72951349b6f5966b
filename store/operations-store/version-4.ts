import type { Kysely } from 'kysely'
import type { Tables } from './schema.ts'

/** What the processes of the distributed form say of themselves. Never edited. */
export async function createVersion4(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('stageReports')
    .addColumn('process', 'text', (column) => column.primaryKey())
    .addColumn('stage', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .execute()
}
