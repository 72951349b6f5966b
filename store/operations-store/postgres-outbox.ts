import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql, type Kysely } from 'kysely'
import type { Random, RegistryChange } from '../../domain/index.ts'
import type { OutboxEngine, OutboxListener, Touched } from './outbox-engine.ts'
import { upsertInChunks } from './rows.ts'
import type { Tables } from './schema.ts'

/** What the processes on one database tell each other. */
export const newsChannel = 'larder_operations'
export interface OutboxNews {
  readonly from: string
  readonly newest?: number
  readonly registry?: RegistryChange
}

/** Of this software, among all that may share a database: the name of its sequencer's lock. */
const sequencerLock = 0x1a4de4
/** A transaction that met another is run again, so often at most. */
const mostTries = 30
const meetings = ['40001', '40P01']
/** Changes that a transaction still open holds back are looked for again after so long. */
const lookAgainMs = 100

/**
 * Many writers, each serializable. A transaction leaves its changes without a number, with its transaction id; the sequencer
 * numbers those of transactions below the snapshot's xmin, which are all over: a row that commits late can come behind
 * no reader, as it could with a serial.
 */
export function createPostgresOutbox(
  db: Kysely<Tables>,
  listener: OutboxListener,
  random: Random,
): OutboxEngine & { readonly id: string; stop(): Promise<void> } {
  const id = randomUUID()
  let wanted = 0
  let done = 0
  let running: Promise<void> | null = null
  let timer: NodeJS.Timeout | undefined
  let isStopped = false

  const tell = (news: Omit<OutboxNews, 'from'>) =>
    sql`select pg_notify(${newsChannel}, ${JSON.stringify({ from: id, ...news })})`

  const number = async (): Promise<void> => {
    const { newest, waiting } = await db.transaction().execute(async (tx) => {
      await sql`select pg_advisory_xact_lock(${sql.lit(sequencerLock)})`.execute(tx)
      const { rows } = await sql<{ number: number }>`
        with moved as (
          delete from "unnumberedChanges" where "xid" < pg_snapshot_xmin(pg_current_snapshot())
          returning *
        )
        insert into "changes" ("number", "resource", "id", "state", "at")
        select (select coalesce(max("number"), 0) from "changes") + row_number() over (order by "xid", "entry"),
          "resource", "id", "state", "at"
        from moved
        returning "number"`.execute(tx)
      const left = await sql`select 1 from "unnumberedChanges" limit 1`.execute(tx)
      const newest = rows.reduce((highest, row) => Math.max(highest, row.number), 0)
      if (newest > 0) await tell({ newest }).execute(tx)
      return { newest, waiting: left.rows.length > 0 }
    })
    if (newest > 0) listener.changed(newest)
    if (waiting) lookAgain()
  }

  const lookAgain = (): void => {
    if (isStopped) return
    timer ??= setTimeout(() => {
      timer = undefined
      void sequence()
    }, lookAgainMs)
  }

  /** One run at a time; whoever asks while one runs waits for the one after, which sees its rows. */
  const sequence = async (): Promise<void> => {
    const ticket = ++wanted
    while (done < ticket) {
      running ??= runFor(wanted)
      await running
    }
  }
  const runFor = async (tickets: number): Promise<void> => {
    try {
      await number()
    } catch {
      // What is committed stays so: its numbers come once the database answers again.
      lookAgain()
    } finally {
      done = tickets
      running = null
    }
  }

  return {
    id,
    async transact(work) {
      for (let tries = 1; ; tries++) {
        try {
          return await db.transaction().setIsolationLevel('serializable').execute(work)
        } catch (error) {
          const code = (error as { code?: unknown } | null)?.code
          if (typeof code !== 'string' || !meetings.includes(code) || tries >= mostTries)
            throw error
          await sleep(random.next() * tries * 4)
        }
      }
    },
    async write(tx, touched, told) {
      await upsertInChunks(tx, 'unnumberedChanges', ['entry'], touched.map(toRow) as never)
      for (const registry of told) await tell({ registry }).execute(tx)
      return null
    },
    async committed({ touched, told }) {
      for (const change of told) listener.registry(change)
      if (touched.length > 0) await sequence()
    },
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await running
    },
  }
}

const toRow = ({ resource, id, at }: Touched) => ({ resource, id, at, state: 'updated' })
