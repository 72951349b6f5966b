import { CompiledQuery, PostgresAdapter, type Insertable, type Kysely } from 'kysely'
import type { Tables } from './schema.ts'

/** Below the 32,766 parameters of SQLite for the widest table, and few enough for a plan to be made quickly. */
const chunkRows = 256

export function chunks<T>(items: readonly T[], size = chunkRows): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )
}

/**
 * Inserts whole rows, each with the same members; where the key is there already, every other column takes the new value. Keys must
 * differ within one call.
 */
export async function upsertInChunks<T extends keyof Tables>(
  db: Kysely<Tables>,
  table: T,
  key: readonly (keyof Tables[T] & string)[],
  rows: readonly Insertable<Tables[T]>[],
): Promise<void> {
  const place = placeholder(db)
  for (let begin = 0, size = chunkRows; begin < rows.length; begin += size) {
    // SQLite keeps what is prepared: of few lengths, each used again and again. PostgreSQL does not.
    if (place === numbered) size = Math.min(size, rows.length - begin)
    else while (size > rows.length - begin) size /= 2
    const columns = Object.keys(rows[begin]!)
    const parameters = rows
      .slice(begin, begin + size)
      .flatMap((row) => columns.map((column) => row[column as never]))
    const tuples = Array.from({ length: size }, (_, row) => {
      const first = row * columns.length
      return `(${columns.map((_, i) => place(first + i)).join()})`
    })
    const set = columns.filter((column) => !key.includes(column as never)).map(quote)
    const text = `insert into ${quote(table)} (${columns.map(quote).join()}) values ${tuples.join()}
      on conflict (${key.map(quote).join()}) do update set ${set.map((one) => `${one} = excluded.${one}`).join()}`
    await db.executeQuery(CompiledQuery.raw(text, parameters))
  }
}

/** Statements of many values are put together as text: a tree of nodes for each of them costs more than the database does. */
function placeholder(db: Kysely<Tables>): (parameter: number) => string {
  return db.getExecutor().adapter instanceof PostgresAdapter ? numbered : () => '?'
}

const numbered = (parameter: number): string => `$${parameter + 1}`
const quote = (name: string): string => `"${name}"`

/** The object without some of its members. */
export function without<T extends object, K extends keyof T>(
  object: T,
  ...names: readonly K[]
): Omit<T, K> {
  const rest: Partial<T> = {}
  for (const name of Object.keys(object) as (keyof T)[])
    if (!names.includes(name as K)) rest[name] = object[name]
  return rest as Omit<T, K>
}

/** Rows of the given keys, read in chunks, by key. */
export async function readByKey<T extends keyof Tables>(
  db: Kysely<Tables>,
  table: T,
  key: keyof Tables[T] & string,
  values: Iterable<string>,
): Promise<Map<string, Tables[T]>> {
  const found = new Map<string, Tables[T]>()
  const place = placeholder(db)
  for (const chunk of chunks([...new Set(values)])) {
    // The last one again and again, up to one of few lengths.
    const length = 2 ** Math.ceil(Math.log2(chunk.length))
    const keys = Array.from({ length }, (_, i) => chunk[i] ?? chunk.at(-1))
    const places = keys.map((_, i) => place(i)).join()
    const text = `select * from ${quote(table)} where ${quote(key)} in (${places})`
    const { rows } = await db.executeQuery<Tables[T]>(CompiledQuery.raw(text, keys))
    for (const row of rows) found.set(row[key] as string, row)
  }
  return found
}
