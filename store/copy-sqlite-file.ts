import Database from 'better-sqlite3'
import { describeSystemError } from '../runtime/index.ts'

const pagesAtOnce = 1024

/**
 * Copies a SQLite file that another connection writes to meanwhile: the moment of the call, whole. Readers and the writer go
 * on; its journal grows until the copy is done. For a thread of its own.
 */
export async function copySqliteFile(options: {
  readonly file: string
  readonly to: string
  /** Pages. */
  readonly onProgress: (done: number, of: number) => void
}): Promise<void> {
  let db: Database.Database | null = null
  try {
    db = new Database(options.file, { readonly: true, fileMustExist: true, timeout: 10_000 })
    // A transaction that reads holds its moment: without it every commit of the writer would begin the copy anew.
    db.exec('BEGIN')
    db.prepare('SELECT count(*) FROM sqlite_schema').get()
    await db.backup(options.to, {
      progress({ totalPages, remainingPages }) {
        options.onProgress(totalPages - remainingPages, totalPages)
        return pagesAtOnce
      },
    })
  } catch (error) {
    throw describeSystemError(error, { what: `${options.file} could not be copied`, remedy: '' })
  } finally {
    db?.close()
  }
}

/** What is wrong with the pages of a file that nobody writes to, in SQLite's words; null where nothing is. Reads all of it. */
export function findDamage(file: string): string | null {
  let db: Database.Database | null = null
  try {
    db = new Database(file, { fileMustExist: true })
    const [first] = db.pragma('quick_check(1)') as { quick_check: string }[]
    return first?.quick_check === 'ok' ? null : (first?.quick_check ?? 'it says nothing')
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    db?.close()
  }
}
