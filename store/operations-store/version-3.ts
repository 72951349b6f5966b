import { sql, type Kysely } from 'kysely'
import type { BinaryType, Tables } from './schema.ts'

/** PostgreSQL only: changes that wait for their number. SQLite has one writer, which numbers its own. Never edited. */
export async function createVersion3(db: Kysely<Tables>, binary: BinaryType): Promise<void> {
  if (binary === 'blob') return
  await sql`create table "unnumberedChanges" (
    "entry" bigint generated always as identity primary key,
    "xid" xid8 not null default pg_current_xact_id(),
    "resource" text not null,
    "id" text not null,
    "state" text not null,
    "at" bigint not null
  )`.execute(db)
}
