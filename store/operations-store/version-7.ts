import { sql, type Kysely } from 'kysely'
import type { BinaryType, Tables } from './schema.ts'

/** How trained versions did before they served, and what came of forecasts. Never edited. */
export async function createVersion7(db: Kysely<Tables>, binary: BinaryType): Promise<void> {
  const text = binary === 'bytea' ? sql`text collate "C"` : sql`text`
  await db.schema
    .createTable('modelReports')
    .addColumn('version', text, (column) => column.primaryKey())
    .addColumn('body', 'text', (column) => column.notNull())
    .addColumn('words', 'text', (column) => column.notNull())
    .execute()
  let scores = db.schema.createTable('modelScores').addColumn('id', text, (c) => c.primaryKey())
  for (const name of ['target', 'model', 'site', 'day'])
    scores = scores.addColumn(name, text, (column) => column.notNull())
  const sums = ['windows', 'censored', 'amount', 'mean', 'absolute', 'loss']
  for (const name of [...sums, 'below10', 'below50', 'below90'])
    scores = scores.addColumn(name, sql`double precision`, (column) => column.notNull())
  await scores.execute()
  await db.schema.createIndex('modelScoresByDay').on('modelScores').column('day').execute()
}
