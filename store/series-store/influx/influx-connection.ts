import { errorMessage, LarderError } from '../../../domain/index.ts'

/** One series of an answer to InfluxQL: the tags it was grouped by, and rows of [time in ms, value of each column]. */
export interface InfluxSeries {
  readonly name: string
  readonly tags?: Readonly<Record<string, string>>
  readonly columns: readonly string[]
  readonly values: readonly (readonly (number | string | null)[])[]
}

export interface InfluxConnection {
  /** Line protocol with times in ns. Null once the server has answered that all is written; else why it can never be. Throws where it may be tried again. */
  write(bucket: string, body: Uint8Array, isCompressed: boolean): Promise<string | null>
  /** InfluxQL statements against a bucket, answered in their order. `$name` in a statement is a parameter. */
  query(
    bucket: string,
    statements: readonly string[],
    parameters?: Readonly<Record<string, string>>,
  ): Promise<readonly (readonly InfluxSeries[])[]>
  /** When the server's process began, as it says: another word means that it was started again. */
  startedAt(): Promise<string>
  /** The bucket's id; made, to be kept for ever, where there is none. */
  ensureBucket(name: string): Promise<string>
  /** Drops the points of a measurement with from <= time < to, in ms. */
  remove(bucket: string, measurement: string, from: number, to: number): Promise<void>
  /** Bytes on disk of a bucket, given by its id. */
  bytesOf(bucketId: string): Promise<number>
}

export interface InfluxConnectionOptions {
  readonly url: string
  readonly org: string
  readonly token: string
  readonly timeoutMs: number
}

interface Request {
  readonly method?: string
  readonly body?: string | URLSearchParams | Uint8Array<ArrayBuffer>
  readonly headers?: Readonly<Record<string, string>>
}

/** The server's words for points that no repetition can make it take. */
const refusals: readonly number[] = [400, 413, 422]

/** Requests to InfluxDB 2, each awaited and each with a time-out. Names the token in no error. */
export function connectInfluxdb(options: InfluxConnectionOptions): InfluxConnection {
  const base = options.url.replace(/\/+$/, '')
  const headers = { authorization: `Token ${options.token}` }

  async function ask(path: string, init: Request = {}): Promise<Response> {
    try {
      return await fetch(`${base}${path}`, {
        ...init,
        headers: { ...headers, ...init.headers },
        signal: AbortSignal.timeout(options.timeoutMs),
      })
    } catch (error) {
      throw new LarderError(
        'RT_NOT_READY',
        `InfluxDB at ${base} does not answer (${reason(error)}).`,
        {
          cause: error,
        },
      )
    }
  }

  /** The body, which may be cut although the status came. */
  async function read(answer: Response): Promise<string> {
    try {
      return await answer.text()
    } catch (error) {
      throw new LarderError(
        'RT_NOT_READY',
        `InfluxDB at ${base} broke off its answer (${reason(error)}).`,
        {
          cause: error,
        },
      )
    }
  }

  async function readJson<T>(answer: Response): Promise<T> {
    const text = await read(answer)
    try {
      return JSON.parse(text) as T
    } catch (error) {
      throw new LarderError('RT_NOT_READY', `InfluxDB at ${base} gave an answer that is no JSON.`, {
        cause: error,
      })
    }
  }

  async function refuse(answer: Response, what: string): Promise<never> {
    const words = wordsOf(await read(answer))
    if (answer.status === 401 || answer.status === 403) {
      throw new LarderError(
        'RT_SETTINGS_INVALID',
        `InfluxDB at ${base} does not let this token ${what} (${words}). Give one that may read and write all buckets of ${options.org}, in the file of series.tokenFile.`,
      )
    }
    const code = answer.status === 429 || answer.status >= 500 ? 'RT_NOT_READY' : 'RT_INTERNAL'
    throw new LarderError(code, `InfluxDB did not ${what}: ${answer.status} ${words}`)
  }

  async function json<T>(path: string, what: string, init?: Request): Promise<T> {
    const answer = await ask(path, init)
    return answer.ok ? readJson<T>(answer) : refuse(answer, what)
  }

  async function orgId(): Promise<string> {
    const path = `/api/v2/orgs?${new URLSearchParams({ org: options.org }).toString()}`
    const { orgs } = await json<{ orgs?: { id: string }[] }>(path, `find ${options.org}`)
    const found = orgs?.[0]
    if (found) return found.id
    throw new LarderError(
      'RT_SETTINGS_INVALID',
      `InfluxDB at ${base} has no organisation ${options.org} that this token may see: check series.org.`,
    )
  }

  return {
    async write(bucket, body, isCompressed) {
      const to = new URLSearchParams({ org: options.org, bucket, precision: 'ns' }).toString()
      const answer = await ask(`/api/v2/write?${to}`, {
        method: 'POST',
        body: body as Uint8Array<ArrayBuffer>,
        headers: {
          'content-type': 'text/plain; charset=utf-8',
          ...(isCompressed ? { 'content-encoding': 'gzip' } : {}),
        },
      })
      if (answer.status === 204) {
        await read(answer)
        return null
      }
      if (refusals.includes(answer.status)) return wordsOf(await read(answer))
      return refuse(answer, 'write')
    },
    async query(bucket, statements, parameters = {}) {
      const { results } = await json<{
        results: { series?: InfluxSeries[]; error?: string; partial?: boolean }[]
      }>('/query', 'answer', {
        method: 'POST',
        body: new URLSearchParams({
          ...{ db: bucket, epoch: 'ms', q: statements.join(';') },
          params: JSON.stringify(parameters),
        }),
      })
      return statements.map((statement, index) => {
        const result = results[index]
        if (result?.error === undefined && result?.partial !== true) return result?.series ?? []
        const words = result.error ?? 'more rows than it gives at once'
        throw new LarderError('RT_NOT_READY', `InfluxDB did not answer "${statement}": ${words}`)
      })
    },
    startedAt: async () =>
      (await json<{ started: string }>('/ready', 'say that it is ready')).started,
    async ensureBucket(name) {
      const path = `/api/v2/buckets?${new URLSearchParams({ org: options.org, name }).toString()}`
      const answer = await ask(path)
      if (answer.ok) {
        const { buckets } = await readJson<{ buckets?: { id: string }[] }>(answer)
        if (buckets?.[0]) return buckets[0].id
      } else if (answer.status === 404) await read(answer)
      else await refuse(answer, `find the bucket ${name}`)
      const made = await ask('/api/v2/buckets', {
        method: 'POST',
        body: JSON.stringify({ orgID: await orgId(), name, retentionRules: [] }),
      })
      if (made.ok) return (await readJson<{ id: string }>(made)).id
      // Another process has made it in between.
      if (made.status !== 422) return refuse(made, `make the bucket ${name}`)
      await read(made)
      const { buckets } = await json<{ buckets: { id: string }[] }>(path, `find the bucket ${name}`)
      return buckets[0]!.id
    },
    async remove(bucket, measurement, from, to) {
      const where = new URLSearchParams({ org: options.org, bucket }).toString()
      const answer = await ask(`/api/v2/delete?${where}`, {
        method: 'POST',
        body: JSON.stringify({
          start: new Date(from).toISOString(),
          // Both ends are taken by the server.
          stop: new Date(to - 1).toISOString().replace('Z', '999999Z'),
          predicate: `_measurement="${measurement}"`,
        }),
      })
      if (answer.status !== 204) await refuse(answer, `drop old points of ${bucket}`)
      else await read(answer)
    },
    async bytesOf(bucketId) {
      const text = await read(await ask('/metrics'))
      let bytes = 0
      for (const line of text.split('\n')) {
        if (line.startsWith('storage_shard_disk_size{') && line.includes(`"${bucketId}"`))
          bytes += Number(line.slice(line.lastIndexOf(' ') + 1))
      }
      return bytes
    },
  }
}

function reason(error: unknown): string {
  const { cause } = error as { cause?: unknown }
  return errorMessage(cause ?? error)
}

/** What the server says of an error, without what surrounds it. */
function wordsOf(body: string): string {
  try {
    const { message, error } = JSON.parse(body) as { message?: string; error?: string }
    return message ?? error ?? body.slice(0, 300)
  } catch {
    return body.slice(0, 300)
  }
}
