import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import { errorMessage } from '../domain/index.ts'
import { describeSystemError } from '../runtime/index.ts'

/** A page that cannot be read, or a file that is none of SQLite's. */
export function isSqliteDamage(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' && /^SQLITE_(CORRUPT|NOTADB|IOERR_SHORT_READ)/.test(code)
}

const noteOf = (file: string): string => `${file}.suspect`

/** Leaves word that damage was met while the file was in use, so that the next start reads all of it. */
export function suspectSqliteFile(file: string): void {
  try {
    writeFileSync(noteOf(file), '')
  } catch {
    // Without the note a later start finds the damage where it reads it.
  }
}

/**
 * What makes a file unusable, in words; null where nothing was found. That it opens and is not cut short is looked at each
 * time. All its pages are where `isThorough`, or where damage was met in use: a second for each few hundred megabytes.
 * The file must not be in use.
 */
export function checkSqliteFile(
  file: string,
  options: { readonly isThorough: boolean },
): string | null {
  if (!existsSync(file)) return null
  if (statSync(file).size === 0) return 'it is empty'
  let db: Database.Database | null = null
  try {
    db = new Database(file, { fileMustExist: true })
    db.pragma('journal_mode = WAL')
    db.prepare('SELECT count(*) FROM sqlite_schema').get()
    // What the journal holds moves into the file, which then has all its pages.
    db.pragma('wal_checkpoint(TRUNCATE)')
    const number = (name: string): number => db!.pragma(name, { simple: true }) as number
    if (statSync(file).size < number('page_count') * number('page_size')) return 'it is cut short'
    if (options.isThorough || existsSync(noteOf(file))) {
      const [found] = db.pragma('quick_check(1)') as { quick_check: string }[]
      if (found?.quick_check !== 'ok') return (found?.quick_check ?? '').replaceAll(/\s+/g, ' ')
      rmSync(noteOf(file), { force: true })
    }
    return null
  } catch (error) {
    if (isSqliteDamage(error)) return errorMessage(error)
    throw describeSystemError(error, { what: `${file} cannot be opened`, remedy: '' })
  } finally {
    db?.close()
  }
}
