import { accessSync, constants } from 'node:fs'
import Database from 'better-sqlite3'
import { LarderError, type Position } from '../domain/index.ts'
import { describeSystemError, setAside } from '../runtime/index.ts'

export type Connection = Database.Database

/** Each brings a log of the version before it (its index) one further; never changed once released. */
export const migrations: readonly string[] = [
  `CREATE TABLE batch (
     first INTEGER PRIMARY KEY,
     count INTEGER NOT NULL,
     bytes INTEGER NOT NULL,
     oldest_received_at INTEGER NOT NULL,
     newest_received_at INTEGER NOT NULL,
     body BLOB NOT NULL
   ) STRICT;
   CREATE TABLE hole (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, words TEXT NOT NULL) STRICT;
   CREATE TABLE reader (name TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE pruned (through INTEGER NOT NULL) STRICT;
   INSERT INTO pruned VALUES (0);`,
  `CREATE TABLE identity (id TEXT NOT NULL) STRICT;
   INSERT INTO identity VALUES (lower(hex(randomblob(16))));`,
]

/** Pages of the journal that are moved into the file at once: about 8 MB, for a journal that stays small. */
const checkpointPages = 2000
/** Some pages: the first of those that are free are looked at. */
const triedBytes = 32_768

export function isDamage(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' && /^SQLITE_(CORRUPT|NOTADB)/.test(code)
}

export interface OpenedDatabase {
  readonly connection: Connection
  /** Highest position of the file; 0 where it has none. */
  readonly end: Position
  /** Where a damaged file was moved to; null where it was whole. */
  readonly setAside: string | null
}

/** Opens, migrates, and sets a file aside that is no longer a database, so that a start never needs a hand. */
export function openLogDatabase(
  file: string,
  connect: (file: string) => Connection = (path) => new Database(path),
  wallAt = 0,
): OpenedDatabase {
  try {
    return { ...open(file, connect), setAside: null }
  } catch (error) {
    if (!isDamage(error))
      throw describeSystemError(error, {
        what: `The message log ${file} cannot be opened`,
        remedy: '',
      })
  }
  const moved = setAside(file, wallAt)
  return { ...open(file, connect), setAside: moved }
}

function open(
  file: string,
  connect: (file: string) => Connection,
): { connection: Connection; end: Position } {
  const connection = connect(file)
  try {
    // One process owns the folder: without sharing there is no shared-memory file that could be damaged or fill up.
    connection.pragma('locking_mode = EXCLUSIVE')
    connection.pragma('journal_mode = WAL')
    connection.pragma('synchronous = FULL')
    connection.pragma(`wal_autocheckpoint = ${checkpointPages}`)
    migrate(connection, file)
    const newest = connection
      .prepare<[], { end: number }>(
        'SELECT first + count - 1 AS end FROM batch ORDER BY first DESC LIMIT 1',
      )
      .get()
    tryAppend(connection, file)
    // Whose log it is stands on a page of its own, and cannot be written anew there.
    connection.prepare('SELECT id FROM identity').get()
    return { connection, end: newest?.end ?? 0 }
  } catch (error) {
    connection.close()
    // These statements are right: what they cannot be run on is not a log any more.
    if ((error as { code?: unknown } | null)?.code === 'SQLITE_ERROR')
      throw Object.assign(error as Error, { code: 'SQLITE_CORRUPT_FORMAT' })
    throw error
  }
}

function migrate(connection: Connection, file: string): void {
  const found = schemaOf(connection)
  const version = connection.pragma('user_version', { simple: true }) as number
  if (found === schemaAt(migrations.length)) {
    // The number alone is damaged: another version would have other tables.
    if (version !== migrations.length) connection.pragma(`user_version = ${migrations.length}`)
    return
  }
  if (version > migrations.length) {
    throw new LarderError(
      'RT_FILE_UNREADABLE',
      `${file} was written by a newer Larder (schema ${version}; this one knows ${migrations.length}). Start that version, or give this one a data folder of its own with --data.`,
    )
  }
  if (found !== schemaAt(version)) {
    const error = new Error(`The tables of ${file} are not those of schema ${version}.`)
    throw Object.assign(error, { code: 'SQLITE_CORRUPT_SCHEMA' })
  }
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue
    connection.transaction(() => {
      connection.exec(sql)
      connection.pragma(`user_version = ${index + 1}`)
    })()
  }
}

/**
 * A bit flipped in the file's own bookkeeping lets everything be read and nothing be appended, at each start anew: so an
 * append is tried, and taken back before it reaches the disk.
 */
function tryAppend(connection: Connection, file: string): void {
  try {
    connection.exec(
      `BEGIN IMMEDIATE; INSERT INTO batch VALUES (${Number.MAX_SAFE_INTEGER}, 1, 0, 0, 0, zeroblob(${triedBytes})); ROLLBACK`,
    )
  } catch (error) {
    if (connection.inTransaction) connection.exec('ROLLBACK')
    // Where the system lets it be written, the file's header alone says otherwise.
    if ((error as { code?: unknown }).code === 'SQLITE_READONLY') {
      accessSync(file, constants.W_OK)
      throw Object.assign(error as Error, { code: 'SQLITE_CORRUPT_HEADER' })
    }
    throw error
  }
}

/** What the file says its tables are: text, which a flipped bit changes as easily as what stands in them. */
function schemaOf(connection: Connection): string {
  const rows = connection.prepare('SELECT name, sql FROM sqlite_schema ORDER BY name').raw().all()
  return JSON.stringify(rows)
}

function schemaAt(version: number): string {
  const made = new Database(':memory:')
  try {
    for (const sql of migrations.slice(0, version)) made.exec(sql)
    return schemaOf(made)
  } finally {
    made.close()
  }
}

/** Receive time of the newest message of a log that nobody has open; null where it has none, or cannot be read. */
export function readNewestReceivedAt(file: string): number | null {
  let connection: Connection | null = null
  try {
    connection = new Database(file, { fileMustExist: true })
    return (
      connection.prepare<[], number>('SELECT max(newest_received_at) FROM batch').pluck().get() ??
      null
    )
  } catch {
    return null
  } finally {
    connection?.close()
  }
}
