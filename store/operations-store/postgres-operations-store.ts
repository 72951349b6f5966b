import { Kysely, PostgresDialect, sql } from 'kysely'
import { Client, Pool, types, type ClientConfig, type CustomTypesConfig } from 'pg'
import { errorMessage, LarderError, type Random, type RegistryChange } from '../../domain/index.ts'
import type { Logger } from '../../runtime/index.ts'
import { mapErrors } from '../map-errors.ts'
import { newestChange } from './changes.ts'
import { createKyselyOperationsStore } from './kysely-operations-store.ts'
import { migrate } from './migrations.ts'
import type { OperationsStore } from './operations-store.ts'
import { createNews } from './outbox-news.ts'
import { createPostgresOutbox, newsChannel, type OutboxNews } from './postgres-outbox.ts'
import type { Tables } from './schema.ts'

const mostConnections = 10
const connectWithinMs = 10_000
const listenAgainMs = 1_000
const migrationLock = 0x1a4de5
/** bigint, as the epoch milliseconds and counts that our columns hold. */
const withNumbers: CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === types.builtins.INT8
      ? Number
      : (types.getTypeParser(oid, format) as (value: string | Buffer) => unknown),
}

/** The tables themselves, for whoever moves them whole. */
export function connectPostgres(url: string): Kysely<Tables> {
  const pool = new Pool({ connectionString: url, types: withNumbers, max: 2 })
  pool.on('error', () => undefined)
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
}

/** The operations store on PostgreSQL 13 or later, for any number of processes; its database sorts text by bytes. */
export async function createPostgresOperationsStore(deps: {
  /** `postgres://user:password@host:port/database` */
  readonly url: string
  /** How long transactions that met wait before they try again. */
  readonly random: Random
  readonly logger: Logger
}): Promise<OperationsStore> {
  const config: ClientConfig = {
    connectionString: deps.url,
    connectionTimeoutMillis: connectWithinMs,
    types: withNumbers,
  }
  const pool = new Pool({ ...config, max: mostConnections })
  // A connection that breaks while nobody uses it is replaced; whoever uses one is told.
  pool.on('error', (error) => deps.logger.warn({ err: error }, 'a connection to PostgreSQL broke'))
  // One in use that breaks between two queries fails the next; without a listener it would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined))
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  try {
    await db.connection().execute(async (one) => {
      await sql`select pg_advisory_lock(${sql.lit(migrationLock)})`.execute(one)
      try {
        await migrate(one, { binary: 'bytea', name: 'The PostgreSQL database' })
      } finally {
        await sql`select pg_advisory_unlock(${sql.lit(migrationLock)})`.execute(one)
      }
    })
  } catch (error) {
    await db.destroy()
    throw unreachable(error)
  }

  const news = createNews()
  const outbox = createPostgresOutbox(db, news, deps.random)
  const listening = listen(config, outbox.id, {
    ...news,
    connected: async () => news.changed(await newestChange(db)),
    logger: deps.logger,
  })
  const store = createKyselyOperationsStore(db, outbox, news, async () => {
    await listening.stop()
    await outbox.stop()
    await db.destroy()
  })
  return withClearErrors(store)
}

/** News of other processes, over a connection of its own that is made again where it breaks. */
function listen(
  config: ClientConfig,
  ownId: string,
  on: {
    readonly changed: (newest: number) => void
    readonly registry: (change: RegistryChange) => void
    readonly connected: () => Promise<void>
    readonly logger: Logger
  },
): { stop(): Promise<void> } {
  let client: Client | null = null
  let timer: NodeJS.Timeout | undefined
  let isStopped = false

  const retry = (): void => {
    client = null
    if (!isStopped) timer ??= setTimeout(connect, listenAgainMs)
  }
  const open = async (): Promise<void> => {
    const opened = new Client(config)
    client = opened
    opened.on('error', (error) => on.logger.warn({ err: error }, 'news from PostgreSQL broke off'))
    opened.on('end', retry)
    opened.on('notification', ({ payload }) => {
      const said = JSON.parse(payload ?? '{}') as OutboxNews
      if (said.from === ownId) return
      if (said.newest !== undefined) on.changed(said.newest)
      if (said.registry !== undefined) on.registry(said.registry)
    })
    await opened.connect()
    await opened.query(`listen ${newsChannel}`)
    await on.connected()
  }
  const connect = (): void => {
    timer = undefined
    open().catch((error: unknown) => {
      if (!isStopped)
        on.logger.warn({ err: error }, 'PostgreSQL cannot be listened to; trying again')
      retry()
    })
  }
  connect()
  return {
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await client?.end().catch(() => undefined)
    },
  }
}

function withClearErrors(store: OperationsStore): OperationsStore {
  return mapErrors(store, (error) => (isAway(error) ? unreachable(error) : error))
}

/** Connection exceptions (class 08), shutdowns (57P0x) and the system's own words for a server that is not there. */
function isAway(error: unknown): boolean {
  const cause = error instanceof LarderError ? (error.cause ?? error) : error
  const code = (cause as { code?: unknown } | null)?.code
  return (
    (typeof code === 'string' &&
      /^(08...|57P0.|53300|ECONN|ETIMEDOUT|EPIPE|ENOTFOUND)/.test(code)) ||
    /connection terminated|timeout exceeded when trying to connect/i.test(errorMessage(cause))
  )
}

function unreachable(error: unknown): LarderError {
  if (error instanceof LarderError && error.code === 'RT_STORE_DAMAGED') return error
  return new LarderError(
    'RT_NOT_READY',
    `PostgreSQL does not answer: ${errorMessage(error)}. Is it running, and are its address, user and password right?`,
    { cause: error },
  )
}
