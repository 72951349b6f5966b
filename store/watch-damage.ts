import { LarderError } from '../domain/index.ts'
import { isSqliteDamage, suspectSqliteFile } from './check-sqlite-file.ts'
import { mapErrors } from './map-errors.ts'

/**
 * The same store, for whoever owns its file: where a page turns out to be damaged in use, the next start is told to look at
 * all of them, and the call fails with RT_STORE_DAMAGED, at which ingest ends and the process starts again.
 */
export function watchDamage<T extends object>(store: T, file: string): T {
  return mapErrors(store, (error) => {
    const cause = error instanceof LarderError ? error.cause : error
    if (!isSqliteDamage(cause)) return error
    suspectSqliteFile(file)
    return new LarderError(
      'RT_STORE_DAMAGED',
      `${file} has a damaged page. Start Larder again: it reads the whole file, moves it aside where that is so, and goes on. "larder backup" before that keeps what can still be read.`,
      { cause },
    )
  })
}
