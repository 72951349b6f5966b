import { Client } from 'pg'
import { errorMessage, LarderError, type Clock } from '../../domain/index.ts'
import type { Logger, Stage } from '../../runtime/index.ts'

/** Work that one process of an installation does at a time; each has a lock of its own in the database. */
const lockOf = { models: 1, planner: 2 } as const
/** Of this software, among all that may share a database. */
const lockClass = 0x1a4de6
const lookAgainMs = 1_000
const answersWithinMs = 5_000

export interface Leadership extends Stage {
  isLeading(): boolean
  /** Why it does not lead. */
  words(): string
}

/**
 * Lets one process at a time do a work: the one that holds an advisory lock of PostgreSQL on a connection of its own. A
 * connection that ends, or does not answer in time, is a lock that is lost: `lead`'s signal aborts, and only after `lead` is
 * over does this process ask for the lock again. An error of `lead` itself goes to `onFailed`.
 */
export function takeTurns(deps: {
  readonly url: string
  readonly work: keyof typeof lockOf
  readonly lead: (signal: AbortSignal) => Promise<void>
  readonly onFailed: (error: unknown) => void
  /** The wall's. */
  readonly wall: Clock
  readonly logger: Logger
}): Leadership {
  const { wall, logger, work } = deps
  const stopping = new AbortController()
  let leading: AbortSignal | null = null
  let words = 'It has not asked for its turn yet.'

  const isOver = (signal: AbortSignal): boolean => signal.aborted
  const pause = (signal: AbortSignal): Promise<void> =>
    wall.sleepUntil(wall.now() + lookAgainMs, { signal }).catch(() => undefined)

  async function hold(): Promise<void> {
    const lost = new AbortController()
    const lose = (why: string): void =>
      lost.abort(new LarderError('RT_NOT_READY', `The lock of ${work} is lost: ${why}`))
    const client = new Client({
      connectionString: deps.url,
      connectionTimeoutMillis: answersWithinMs,
      query_timeout: answersWithinMs,
      keepAlive: true,
    })
    client.on('error', (error) => lose(error.message))
    client.on('end', () => lose('the connection ended.'))
    const signal = AbortSignal.any([stopping.signal, lost.signal])
    try {
      await client.connect()
      const ask = `select pg_try_advisory_lock(${lockClass}, ${lockOf[work]}) as got`
      for (;;) {
        signal.throwIfAborted()
        const { rows } = await client.query<{ got: boolean }>(ask)
        if (rows[0]?.got === true) break
        words = `Another process is at work; this one takes over when that one ends.`
        await pause(signal)
      }
      leading = signal
      logger.info({ work }, 'leads')
      const led = deps.lead(signal).catch((error: unknown) => {
        if (!isOver(signal)) deps.onFailed(error)
      })
      while (!isOver(signal)) {
        await pause(signal)
        if (!isOver(signal))
          await client.query('select 1').catch((error: unknown) => lose(errorMessage(error)))
      }
      await led
      if (!isOver(stopping.signal)) logger.warn(errorMessage(signal.reason))
    } finally {
      leading = null
      await Promise.race([client.end().catch(() => undefined), pause(stopping.signal)])
    }
  }

  const running = (async () => {
    while (!isOver(stopping.signal)) {
      try {
        await hold()
        words = 'It has lost its turn, and asks for it again.'
      } catch (error) {
        words = `PostgreSQL does not answer: ${errorMessage(error)}.`
      }
      if (!isOver(stopping.signal)) await pause(stopping.signal)
    }
  })()

  return {
    isLeading: () => leading !== null && !leading.aborted,
    words: () => words,
    async stop() {
      stopping.abort(new LarderError('RT_STOPPED', `The turn of ${work} was given up.`))
      await running
    },
  }
}
