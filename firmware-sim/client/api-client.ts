import { errorCodes, errorMessage, LarderError, type ErrorCode } from '../../domain/index.ts'

/** The public HTTP API with a key of one's own. Every call has a time-out; what can be tried again is a retryable LarderError. */
export interface ApiClient {
  get<T>(path: string): Promise<T>
  /** The same key and body get the same answer, however often it is sent. */
  post<T>(path: string, body: unknown, idempotencyKey: string): Promise<T>
  delete(path: string): Promise<void>
  /** The kind is told by the columns where it is not given. */
  importCsv(csv: string, idempotencyKey: string, kind?: string): Promise<ImportAnswer>
  /** Server-sent events until the connection ends or the signal says so. */
  follow(
    path: string,
    onEvent: (name: string, data: string) => void,
    signal: AbortSignal,
  ): Promise<void>
}

export interface ImportAnswer {
  readonly kind: string
  readonly accepted: number
  readonly rejected: number
  readonly problems: readonly { readonly line: number; readonly words: string }[]
}

const timeoutMs = 15_000
const importTimeoutMs = 120_000

export function createApiClient(deps: {
  readonly url: string
  readonly key: string
  readonly signal: AbortSignal
}): ApiClient {
  const base = deps.url.replace(/\/$/, '')

  const call = async (
    method: string,
    path: string,
    options: {
      readonly body?: string
      readonly type?: string
      readonly key?: string
      readonly timeoutMs?: number
      readonly signal?: AbortSignal
    } = {},
  ): Promise<Response> => {
    const signals = [deps.signal, ...(options.signal ? [options.signal] : [])]
    if (options.timeoutMs !== Infinity)
      signals.push(AbortSignal.timeout(options.timeoutMs ?? timeoutMs))
    let response: Response
    try {
      response = await fetch(`${base}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${deps.key}`,
          ...(options.type === undefined ? {} : { 'content-type': options.type }),
          ...(options.key === undefined ? {} : { 'idempotency-key': options.key }),
        },
        signal: AbortSignal.any(signals),
        ...(options.body === undefined ? {} : { body: options.body }),
      })
    } catch (error) {
      deps.signal.throwIfAborted()
      throw new LarderError(
        'RT_NOT_READY',
        `The API at ${base} does not answer (${method} ${path}: ${reasonOf(error)}). Is Larder running, and is this its address?`,
        { cause: error },
      )
    }
    if (!response.ok) throw await problemOf(response, `${method} ${path}`)
    return response
  }

  const json = (body: unknown): { body: string; type: string } => ({
    body: JSON.stringify(body),
    type: 'application/json',
  })

  return {
    get: async <T>(path: string) => (await (await call('GET', path)).json()) as T,
    post: async <T>(path: string, body: unknown, idempotencyKey: string) =>
      (await (await call('POST', path, { ...json(body), key: idempotencyKey })).json()) as T,
    async delete(path) {
      await (await call('DELETE', path)).arrayBuffer()
    },
    importCsv: async (csv, idempotencyKey, kind) =>
      (await (
        await call('POST', `/v1/imports${kind === undefined ? '' : `?kind=${kind}`}`, {
          body: csv,
          type: 'text/csv',
          key: idempotencyKey,
          timeoutMs: importTimeoutMs,
        })
      ).json()) as ImportAnswer,
    async follow(path, onEvent, signal) {
      const response = await call('GET', path, { timeoutMs: Infinity, signal })
      let rest = ''
      let name = ''
      const decoder = new TextDecoder()
      for await (const chunk of response.body ?? []) {
        const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n')
        rest = (lines.pop() ?? '').slice(-1_000_000)
        for (const line of lines) {
          if (line.startsWith('event:')) name = line.slice(6).trim()
          else if (line.startsWith('data:')) onEvent(name, line.slice(5).trim())
        }
      }
    },
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && cause.message !== '' ? cause.message : errorMessage(error)
}

/** An RFC 9457 problem as the error it came from; a busy or failing server as one to try again. */
async function problemOf(response: Response, what: string): Promise<LarderError> {
  const text = await response.text()
  let problem: Record<string, unknown> = {}
  try {
    problem = JSON.parse(text) as Record<string, unknown>
  } catch {
    problem = { detail: text.slice(0, 200) }
  }
  const known = errorCodes.find((code) => code === problem.code)
  const isBusy = response.status >= 500 || response.status === 429
  const code: ErrorCode = isBusy ? 'RT_NOT_READY' : (known ?? fallback(response.status))
  const words = typeof problem.detail === 'string' ? problem.detail : response.statusText
  return new LarderError(code, `${what} was answered ${response.status}: ${words}`, {
    details: problem,
  })
}

function fallback(status: number): ErrorCode {
  if (status === 401) return 'RT_UNAUTHORISED'
  if (status === 403) return 'RT_FORBIDDEN'
  if (status === 404) return 'RT_NOT_FOUND'
  return status === 409 ? 'RT_WRONG_STATE' : 'RT_REQUEST_INVALID'
}
