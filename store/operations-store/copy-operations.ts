import Sqlite from 'better-sqlite3'
import { sql } from 'kysely'
import { LarderError } from '../../domain/index.ts'
import { chunks, upsertInChunks } from './rows.ts'
import { connectPostgres } from './postgres-operations-store.ts'
import type { Tables } from './schema.ts'

/**
 * Not moved: `applied` counts places of the old log, and the rest is of processes that run. What of `idempotency` was in flight
 * is over with the process that answered it.
 */
const leftBehind = new Set(['schemaVersion', 'applied', 'stageReports', 'unnumberedChanges'])
const rowsAtOnce = 1_000

export interface CopiedTable {
  readonly name: string
  readonly rows: number
}

/**
 * Every table of a SQLite operations store into a PostgreSQL one, both of the same schema; again where it is done again. Numbers
 * of changes stay, and the new store goes on from the newest. `renameDeadLetter` gives the id under which a letter goes on.
 * Rejects with RT_STORE_DAMAGED where the counts differ at the end.
 */
export async function copyOperations(options: {
  readonly file: string
  readonly url: string
  readonly renameDeadLetter: (id: string) => string
  readonly onTable: (table: CopiedTable, of: number) => void
}): Promise<readonly CopiedTable[]> {
  const from = new Sqlite(options.file, { readonly: true, fileMustExist: true })
  const to = connectPostgres(options.url)
  try {
    const names = from
      .prepare<[], { name: string }>(
        "select name from sqlite_master where type = 'table' order by name",
      )
      .all()
      .map(({ name }) => name)
      .filter((name) => !name.startsWith('sqlite_') && !leftBehind.has(name))
    const copied: CopiedTable[] = []
    for (const name of names) {
      const key = from
        .prepare<[string], { name: string; pk: number }>(
          'select name, pk from pragma_table_info(?)',
        )
        .all(name)
        .filter(({ pk }) => pk > 0)
        .map((column) => column.name)
      const where = name === 'idempotency' ? ' where status is not null' : ''
      let rows: Record<string, unknown>[] = []
      let count = 0
      const flush = async (): Promise<void> => {
        for (const chunk of chunks(rows))
          await upsertInChunks(to, name as keyof Tables, key as never, chunk as never)
        count += rows.length
        rows = []
      }
      for (const row of from.prepare(`select * from "${name}"${where}`).iterate()) {
        const read = row as Record<string, unknown>
        rows.push(
          name === 'deadLetters'
            ? { ...read, id: options.renameDeadLetter(String(read.id)) }
            : read,
        )
        if (rows.length >= rowsAtOnce) await flush()
      }
      await flush()
      const found = await sql<{
        rows: number
      }>`select count(*) as rows from ${sql.table(name)}`.execute(to)
      const there = found.rows[0]?.rows ?? 0
      if (there !== count)
        throw new LarderError(
          'RT_STORE_DAMAGED',
          `Of the table ${name} ${count} rows were moved, and the new store has ${there}. Is it used by something else? Give this an empty database of its own, and start again.`,
        )
      copied.push({ name, rows: count })
      options.onTable({ name, rows: count }, names.length)
    }
    return copied
  } finally {
    from.close()
    await to.destroy()
  }
}
