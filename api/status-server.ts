import { createServer, type ServerResponse } from 'node:http'
import { errorMessage, type StageStatus } from '../domain/index.ts'
import { describeSystemError, type Logger } from '../runtime/index.ts'
import type { ListeningApi } from './listen.ts'
import { createHostCheck } from './security/hosts.ts'

const answersWithinMs = 5_000

/**
 * What every process of the distributed form answers on its own port: `/health`, `/ready` with what it stands on in words, and
 * `/metrics`. Takes no key: it gives neither readings nor decisions, and listens on loopback unless told otherwise.
 */
export async function startStatusServer(deps: {
  readonly host: string
  readonly port: number
  readonly allowedHosts: readonly string[]
  readonly status: () => Promise<readonly StageStatus[]>
  readonly metricsText: () => Promise<string>
  readonly logger: Logger
}): Promise<ListeningApi> {
  const isHostAllowed = createHostCheck({ boundHost: deps.host, allowedHosts: deps.allowedHosts })
  const answer = (response: ServerResponse, code: number, type: string, body: string): void => {
    response.writeHead(code, {
      'content-type': `${type}; charset=utf-8`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    response.end(body)
  }
  const json = (response: ServerResponse, code: number, body: object): void =>
    answer(response, code, 'application/json', JSON.stringify(body))

  const server = createServer({ requestTimeout: answersWithinMs }, (request, response) => {
    void (async () => {
      const path = request.url?.split('?')[0]
      if (!isHostAllowed(request.headers.host))
        json(response, 403, {
          code: 'RT_FORBIDDEN',
          detail: `The host name "${request.headers.host ?? ''}" is not one of this process's. Add it to the setting http.allowedHosts if it is.`,
        })
      else if (path === '/health') json(response, 200, { status: 'ok' })
      else if (path === '/ready') {
        const stages = await deps.status()
        const ready = stages.every((stage) => stage.ready)
        json(response, ready ? 200 : 503, { ready, stages })
      } else if (path === '/metrics')
        answer(response, 200, 'text/plain; version=0.0.4', await deps.metricsText())
      else
        json(response, 404, {
          code: 'RT_NOT_FOUND',
          detail: 'This process answers /health, /ready and /metrics only; the rest is the API.',
        })
    })().catch((error: unknown) => {
      deps.logger.error({ err: error }, 'a request failed')
      json(response, 500, { code: 'RT_INTERNAL', detail: errorMessage(error) })
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(deps.port, deps.host, resolve)
  }).catch((error: unknown) => {
    throw describeSystemError(error, {
      what: `/health cannot be served on ${deps.host}:${deps.port}`,
      remedy: 'Choose another port with --http, or stop what uses this one.',
    })
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : deps.port
  const shown = deps.host === '0.0.0.0' || deps.host === '::' ? 'localhost' : deps.host
  return {
    url: `http://${shown.includes(':') ? `[${shown}]` : shown}:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
