import { sql, type Insertable, type Kysely } from 'kysely'
import type { Tables } from './schema.ts'

/** Below the 32,766 parameters of SQLite for the widest table, and few enough for a plan to be made quickly. */
const chunkRows = 200

export function chunks<T>(items: readonly T[], size = chunkRows): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )
}

/** Inserts whole rows; where the key is there already, every other column takes the new value. Keys must differ within one call. */
export async function upsertInChunks<T extends keyof Tables>(
  db: Kysely<Tables>,
  table: T,
  key: readonly (keyof Tables[T] & string)[],
  rows: readonly Insertable<Tables[T]>[],
): Promise<void> {
  for (const chunk of chunks(rows)) {
    const columns = Object.keys(chunk[0]!).filter((column) => !key.includes(column as never))
    await db
      .insertInto(table)
      .values(chunk)
      .onConflict((conflict) =>
        conflict
          .columns(key)
          .doUpdateSet(
            (eb) =>
              Object.fromEntries(
                columns.map((column) => [column, eb.ref(`excluded.${column}` as never)]),
              ) as never,
          ),
      )
      .execute()
  }
}

/** The object without some of its members. */
export function without<T extends object, K extends keyof T>(
  object: T,
  ...names: readonly K[]
): Omit<T, K> {
  return Object.fromEntries(
    Object.entries(object).filter(([name]) => !names.includes(name as K)),
  ) as Omit<T, K>
}

/** Rows of the given keys, read in chunks, by key. */
export async function readByKey<T extends keyof Tables>(
  db: Kysely<Tables>,
  table: T,
  key: keyof Tables[T] & string,
  values: Iterable<string>,
): Promise<Map<string, Tables[T]>> {
  const found = new Map<string, Tables[T]>()
  for (const chunk of chunks([...new Set(values)])) {
    const { rows } = await sql<
      Tables[T]
    >`select * from ${sql.table(table)} where ${sql.ref(key)} in (${sql.join([...chunk])})`.execute(
      db,
    )
    for (const row of rows) found.set(row[key] as string, row)
  }
  return found
}
