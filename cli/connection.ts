import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { errorCodes, errorMessage, LarderError, type ErrorCode } from '../domain/index.ts'
import { contentType, type Answer, type Asked, type Body, type Method } from './ask.ts'

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
  // Loaded when needed: what only prints help must not wait for a server's libraries.
  const { readRunInfo } = await import('../runtime/index.ts')
  const url = options.url ?? readRunInfo(options.data)?.http
  if (url !== undefined) return overHttp(url, options.data)
  if (options.mayCreate !== true && !existsSync(options.data))
    throw new LarderError(
      'RT_FILE_UNREADABLE',
      `There is no data folder ${options.data}. Name another with --data, a running Larder with --url, or start one with "larder up".`,
    )
  const { askStores } = await import('./stopped-larder.ts')
  return connection(await askStores(options.data))
}

async function overHttp(url: string, data: string): Promise<Connection> {
  const base = (url.includes('://') ? url : `http://${url}`).replace(/\/+$/, '')
  const keyFile = join(data, 'owner.key')
  const key = process.env.LARDER_KEY ?? (existsSync(keyFile) ? await keyIn(keyFile) : null)
  return connection({
    close: () => Promise.resolve(),
    async ask(method, path, body) {
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
  })
}

async function keyIn(file: string): Promise<string> {
  return (await import('../api/index.ts')).readKey(file)
}

function connection({ ask, close }: Asked): Connection {
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
