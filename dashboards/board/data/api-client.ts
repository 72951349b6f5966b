import type { Page, SessionView } from './wire.ts'

const timeoutMs = 15_000

export type Query = Readonly<Record<string, string | number | boolean | undefined>>

/** The API as the board sees it; every call ends in time or throws a sentence that can be shown. */
export interface ApiClient {
  get<T>(path: string): Promise<T>
  /** Follows `next` up to `pages` pages. */
  list<T>(path: string, query: Query, pages?: number): Promise<readonly T[]>
  post<T>(path: string, session: SessionView): Promise<T>
}

function words(status: number, body: unknown): string {
  const problem = body as { detail?: unknown; title?: unknown } | null
  if (typeof problem?.detail === 'string') return problem.detail
  if (typeof problem?.title === 'string') return problem.title
  return `The API answered ${status}.`
}

async function call<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(path, {
    ...init,
    credentials: 'same-origin',
    signal: AbortSignal.timeout(timeoutMs),
  })
  const body: unknown = await response.json().catch(() => null)
  if (!response.ok) throw new Error(words(response.status, body))
  return body as T
}

export function createApiClient(base = ''): ApiClient {
  const get = <T>(path: string) =>
    call<T>(`${base}${path}`, { headers: { accept: 'application/json' } })
  return {
    get,
    async list<T>(path: string, query: Query, pages = 20) {
      const items: T[] = []
      let cursor: string | undefined
      for (let page = 0; page < pages; page++) {
        const search = new URLSearchParams()
        const asked: Query = { ...query, cursor }
        for (const [name, value] of Object.entries(asked)) {
          if (value !== undefined) search.set(name, String(value))
        }
        const answer = await get<Page<T>>(`${path}?${search.toString()}`)
        items.push(...answer.items)
        if (answer.next === null) break
        cursor = answer.next
      }
      return items
    },
    post: <T>(path: string, session: SessionView) =>
      call<T>(`${base}${path}`, {
        method: 'POST',
        headers: {
          accept: 'application/json',
          'content-type': 'application/json',
          'idempotency-key': crypto.randomUUID(),
          'x-csrf-token': session.csrfToken ?? '',
        },
        body: '{}',
      }),
  }
}
