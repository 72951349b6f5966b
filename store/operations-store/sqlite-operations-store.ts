import Sqlite from 'better-sqlite3'
import {
  CompiledQuery,
  Kysely,
  SqliteDialect,
  SqliteDriver,
  type DatabaseConnection,
  type SqliteDatabase,
  type SqliteStatement,
} from 'kysely'
import { LarderError } from '../../domain/index.ts'
import { describeSystemError } from '../../runtime/index.ts'
import { createKyselyOperationsStore } from './kysely-operations-store.ts'
import { migrate } from './migrations.ts'
import type { OperationsStore } from './operations-store.ts'
import { createNews } from './outbox-news.ts'
import type { Tables } from './schema.ts'
import { createSqliteOutbox } from './sqlite-outbox.ts'

const cachedStatements = 500

/** In this thread; `:memory:` keeps nothing. A file has one writer: the process that owns the data folder. */
export async function createSqliteOperationsStore({
  file,
}: {
  readonly file: string
}): Promise<OperationsStore> {
  const sqlite = openFile(file)
  const db = createDatabase(sqlite)
  try {
    await migrate(db, { binary: 'blob', name: file })
    // Whoever was answering these is gone with the process that owned the file.
    await db.deleteFrom('idempotency').where('status', 'is', null).execute()
  } catch (error) {
    await db.destroy()
    throw describeSystemError(error, {
      what: `The operations store ${file} cannot be opened`,
      remedy: '',
    })
  }
  const news = createNews()
  return createKyselyOperationsStore(db, createSqliteOutbox(db, news), news, () => db.destroy())
}

function openFile(file: string): Sqlite.Database {
  try {
    const sqlite = new Sqlite(file)
    sqlite.pragma('journal_mode = WAL')
    sqlite.pragma('synchronous = FULL')
    return sqlite
  } catch (error) {
    const code = (error as { code?: string }).code
    if (code === 'SQLITE_NOTADB' || code === 'SQLITE_CORRUPT') {
      throw new LarderError(
        'RT_STORE_DAMAGED',
        `${file} is not an operations store, or is damaged. Restore it from a backup, or move it away to start afresh.`,
        { cause: error },
      )
    }
    throw describeSystemError(error, {
      what: `The operations store ${file} cannot be opened`,
      remedy: '',
    })
  }
}

/** Takes the write lock at the start of a transaction, so that none fails half-way for want of it. */
class ImmediateDriver extends SqliteDriver {
  readonly #isInTransaction: () => boolean

  constructor(database: SqliteDatabase, isInTransaction: () => boolean) {
    super({ database })
    this.#isInTransaction = isInTransaction
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }

  /** A full disk ends the transaction by itself; to end it twice would hide why. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#isInTransaction()) await super.rollbackTransaction(connection)
  }
}

class ImmediateDialect extends SqliteDialect {
  readonly #driver: SqliteDriver

  constructor(database: SqliteDatabase, isInTransaction: () => boolean) {
    super({ database })
    this.#driver = new ImmediateDriver(database, isInTransaction)
  }

  override createDriver(): SqliteDriver {
    return this.#driver
  }
}

function createDatabase(sqlite: Sqlite.Database): Kysely<Tables> {
  const statements = new Map<string, SqliteStatement>()
  return new Kysely<Tables>({
    dialect: new ImmediateDialect(
      {
        close: () => void sqlite.close(),
        prepare(text) {
          let statement = statements.get(text)
          if (!statement) {
            if (statements.size >= cachedStatements) statements.clear()
            statement = sqlite.prepare(text)
            statements.set(text, statement)
          }
          return statement
        },
      },
      () => sqlite.inTransaction,
    ),
  })
}
