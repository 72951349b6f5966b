import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { createFakeCity, type FakeCity, type FakeReading } from './fake-city.ts'

export interface FakeApi {
  readonly url: string
  readonly city: FakeCity
  /** Decisions posted by the board, as `t-1/approve`. */
  readonly decisions: readonly string[]
  pushReadings(items: readonly FakeReading[]): void
  pushChange(resource: string, id: string, item: unknown): void
  /** Drops every event stream, as a restart would. */
  dropStreams(): void
  close(): Promise<void>
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.map': 'application/json',
}

export const boardContentSecurityPolicy = "default-src 'self'"

/** The board's files and as much of the API as it calls, from one seeded city; with the strictest policy it must bear. */
export async function startFakeApi(options: {
  readonly boardFolder: string
  readonly canWrite?: boolean
  readonly training?: boolean
  readonly empty?: boolean
}): Promise<FakeApi> {
  const city = createFakeCity()
  const startedAt = performance.now()
  const cityNow = () => city.now + (performance.now() - startedAt) * 60
  const status = () => city.status(cityNow(), options.training ?? false)
  const streams = new Set<ServerResponse>()
  const decisions: string[] = []
  let changes = 0

  const send = (event: string, data: unknown, id?: number) => {
    const text = `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
    for (const stream of streams) stream.write(text)
  }
  const json = (response: ServerResponse, body: unknown, code = 200) => {
    response.writeHead(code, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  }
  const listOf = (path: string, query: URLSearchParams) => {
    if (options.empty === true) return []
    const items = path === 'readings' ? city.readings : city.lists[path]
    const product = query.get('product')
    const gtin = (city.lists.products as { id: string; gtin: string }[]).find(
      (one) => one.id === product,
    )?.gtin
    return (items as Record<string, unknown>[] | undefined)?.filter(
      (item) =>
        ['site', 'device', 'channel'].every(
          (name) => query.get(name) === null || item[name] === query.get(name),
        ) &&
        (product === null || item.product === product || item.gtin === gtin) &&
        (path !== 'forecasts' || query.get('latest') !== 'true' || isNewest(item)),
    )
  }
  const isNewest = (item: Record<string, unknown>) =>
    Date.parse(item.origin as string) > city.now - 3_600_000

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://fake')
    const decided = /^\/v1\/transfers\/([^/]+)\/(approve|reject)$/.exec(url.pathname)
    if (request.method === 'POST' && decided !== null) {
      const [, id = '', step = ''] = decided
      if (request.headers['x-csrf-token'] !== 'token-1') {
        json(
          response,
          { title: 'Forbidden', detail: 'The form has expired: reload the board.' },
          403,
        )
        return
      }
      decisions.push(`${id}/${step}`)
      const transfer = (city.lists.transfers as { id: string }[]).find((one) => one.id === id)
      json(response, {
        ...transfer,
        status: `${step.replace('approve', 'approv')}ed`,
        decidedBy: 'owner',
      })
      return
    }
    if (url.pathname === '/v1/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      response.write('retry: 1000\n\n')
      streams.add(response)
      response.on('close', () => streams.delete(response))
      return
    }
    if (url.pathname === '/v1/status') {
      json(response, status())
      return
    }
    if (url.pathname === '/v1/session') {
      const canWrite = options.canWrite ?? false
      json(response, { canWrite, csrfToken: canWrite ? 'token-1' : null })
      return
    }
    if (url.pathname.startsWith('/v1/')) {
      const items = listOf(url.pathname.slice(4), url.searchParams)
      if (items === undefined) {
        json(response, { title: 'Not found', code: 'RT_NOT_FOUND' }, 404)
        return
      }
      const limit = Number(url.searchParams.get('limit') ?? 100)
      const start = Number(url.searchParams.get('cursor') ?? 0)
      const end = start + limit
      json(response, {
        items: items.slice(start, end),
        next: end < items.length ? String(end) : null,
      })
      return
    }
    const path = url.pathname === '/' ? 'index.html' : normalize(url.pathname.slice(1))
    const content = path.startsWith('..')
      ? null
      : await readFile(join(options.boardFolder, path)).catch(() => null)
    response.writeHead(content === null ? 404 : 200, {
      'content-type': types[extname(path)] ?? 'application/octet-stream',
      'content-security-policy': boardContentSecurityPolicy,
    })
    response.end(content ?? '')
  }

  const server = createServer((request, response) => {
    void answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const beat = setInterval(() => {
    send('status', status())
  }, 1_000)
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    city,
    decisions,
    pushReadings(items) {
      send('readings', { items })
    },
    pushChange(resource, id, item) {
      changes += 1
      send(
        'change',
        { number: changes, resource, id, state: 'updated', at: city.now, item },
        changes,
      )
    },
    dropStreams() {
      for (const stream of streams) stream.destroy()
    },
    async close() {
      clearInterval(beat)
      for (const stream of streams) stream.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
