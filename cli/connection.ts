import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { InjectOptions } from 'fastify'
import { createApi, loadKeys, readKey } from '../api/index.ts'
import { loadSettings } from '../config/index.ts'
import {
  errorCodes,
  errorMessage,
  LarderError,
  type DeadLetterReason,
  type ErrorCode,
} from '../domain/index.ts'
import { replayDeadLetters } from '../ingest/index.ts'
import { estimateBasketMinutes } from '../planner/index.ts'
import { openDataFolder, readRunInfo, silentLogger, wallClock } from '../runtime/index.ts'
import { createSqliteOperationsStore, createSqliteSeriesStore } from '../store/index.ts'
import { stoppedCityTime } from './up/clock-file.ts'

export interface Answer {
  readonly status: number
  readonly body: string
}
export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'
type Body = object | Readable | undefined

/** The API of a running Larder, or the same API over the stores of a stopped one. */
export interface Connection {
  /** The answer's JSON; a problem becomes a LarderError with its code. A stream is sent as CSV. */
  readonly request: <T>(method: Method, path: string, body?: Body) => Promise<T>
  readonly close: () => Promise<void>
}

export interface ConnectionOptions {
  readonly data: string
  readonly url?: string | undefined
  /** Makes the data folder where there is none. */
  readonly mayCreate?: boolean | undefined
}

const timeoutMs = 15 * 60_000

/** `--url`, else the running Larder that DIR/run.json names, else the stores in DIR under its lock. */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const url = options.url ?? readRunInfo(options.data)?.http
  if (url !== undefined) return overHttp(url, options.data)
  if (options.mayCreate !== true && !existsSync(options.data))
    throw new LarderError(
      'RT_FILE_UNREADABLE',
      `There is no data folder ${options.data}. Name another with --data, a running Larder with --url, or start one with "larder up".`,
    )
  return overStores(options.data)
}

function overHttp(url: string, data: string): Connection {
  const base = (url.includes('://') ? url : `http://${url}`).replace(/\/+$/, '')
  const keyFile = join(data, 'owner.key')
  const key = process.env.LARDER_KEY ?? (existsSync(keyFile) ? readKey(keyFile) : null)
  return connection(
    async (method, path, body) => {
      let response: Response
      try {
        response = await fetch(base + path, {
          method,
          headers: {
            ...contentType(body),
            ...(key === null ? {} : { authorization: `Bearer ${key}` }),
          },
          signal: AbortSignal.timeout(timeoutMs),
          ...(body === undefined
            ? {}
            : body instanceof Readable
              ? { body: Readable.toWeb(body) as ReadableStream, duplex: 'half' as const }
              : { body: JSON.stringify(body) }),
        })
      } catch (cause) {
        throw new LarderError(
          'RT_NOT_READY',
          `No Larder answers at ${base}: ${errorMessage((cause as Error).cause ?? cause)}. Is it running there?`,
          { cause },
        )
      }
      return { status: response.status, body: await response.text() }
    },
    () => Promise.resolve(),
  )
}

async function overStores(data: string): Promise<Connection> {
  const folder = openDataFolder(data)
  const closers: (() => Promise<void>)[] = [
    () => {
      folder.release()
      return Promise.resolve()
    },
  ]
  const close = async (): Promise<void> => {
    for (let next = closers.pop(); next; next = closers.pop()) await next()
  }
  try {
    const keys = loadKeys(data, { wantSim: false })
    const settings = loadSettings({ flags: {}, env: process.env, file: null })
    const operations = await createSqliteOperationsStore({ file: folder.file('operations.db') })
    closers.push(() => operations.close())
    const series = createSqliteSeriesStore({ file: folder.file('series.db') })
    closers.push(() => series.close())
    const now = stoppedCityTime(folder.file('clock.json'))
    const api = await createApi({
      operations,
      series,
      seriesWriter: series,
      clock: {
        now: () => now,
        anchor: () => ({ wallAt: wallClock.now(), cityAt: now, speed: 0 }),
        isWaiting: () => true,
      },
      wall: wallClock,
      keys,
      settings: { ...settings.http, ...settings.api },
      simulated: false,
      status: () => Promise.reject(notRunning()),
      metricsText: () => Promise.reject(notRunning()),
      boardFolder: null,
      logger: silentLogger,
      replayDeadLetters: (reason) =>
        replayDeadLetters({
          series,
          operations,
          clock: { ...wallClock, now: () => now },
          wall: wallClock,
          clockAheadMinutes: settings.ingest.clockAheadMinutes,
          reason: reason as DeadLetterReason | undefined,
        }),
      estimateBasketMinutes,
    })
    closers.push(() => api.app.close())
    return connection(async (method, path, body) => {
      const answer = await api.app.inject({
        method,
        url: path,
        headers: { ...contentType(body), authorization: `Bearer ${keys.owner}` },
        ...(body === undefined ? {} : { payload: body as NonNullable<InjectOptions['payload']> }),
      })
      return { status: answer.statusCode, body: answer.body }
    }, close)
  } catch (error) {
    await close()
    throw error
  }
}

const notRunning = (): LarderError =>
  new LarderError(
    'RT_NOT_READY',
    'This needs a running Larder. Start "larder up" on this folder, then repeat the command.',
  )

const contentType = (body: Body): Record<string, string> =>
  body === undefined
    ? {}
    : { 'content-type': body instanceof Readable ? 'text/csv' : 'application/json' }

function connection(
  ask: (method: Method, path: string, body: Body) => Promise<Answer>,
  close: () => Promise<void>,
): Connection {
  return {
    close,
    async request<T>(method: Method, path: string, body?: Body) {
      const answer = await ask(method, path, body)
      if (answer.status >= 400) throw problem(answer)
      return (answer.body === '' ? undefined : JSON.parse(answer.body)) as T
    },
  }
}

function problem({ status, body }: Answer): LarderError {
  try {
    const { code, detail, ...details } = JSON.parse(body) as { code: ErrorCode; detail: string }
    if (errorCodes.includes(code)) return new LarderError(code, detail, { details })
  } catch {
    // Not one of ours: said below as it is.
  }
  return new LarderError('RT_INTERNAL', `The answer was ${status}: ${body.slice(0, 300)}`)
}

/** Every item of a list, page by page. */
export async function* eachItem<T>(
  { request }: Connection,
  path: string,
  query: Readonly<Record<string, string | number | undefined>>,
): AsyncGenerator<T> {
  let cursor: string | null | undefined
  do {
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries({ ...query, cursor: cursor ?? undefined }))
      if (value !== undefined) search.set(name, value)
    const page: { items: T[]; next: string | null } = await request(
      'GET',
      `${path}?${search.toString()}`,
    )
    yield* page.items
    cursor = page.next
  } while (cursor !== null)
}
