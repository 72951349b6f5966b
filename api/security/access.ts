import type { FastifyInstance, FastifyRequest } from 'fastify'
import { LarderError } from '../../domain/index.ts'
import type { Settings } from '../../config/index.ts'
import { createHostCheck, isLoopback, isLoopbackAddress } from './hosts.ts'
import { createKeyCheck, type Keys } from './keys.ts'
import { isSameToken, sessionCookie, type Sessions } from './sessions.ts'

/**
 * Who may call a route. public: anyone. read: any key, or anyone where reading without a key is on.
 * write: the owner and the board. sim: as write, and the simulated city.
 */
export type Access = 'public' | 'read' | 'write' | 'sim'

export interface Principal {
  readonly name: 'owner' | 'sim' | 'board' | 'anonymous'
  readonly csrfToken: string | null
}

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access
    /** The answer holds a secret: it is kept for Idempotency-Key only encrypted. */
    givesSecret?: boolean
    /** The body is a stream and may be long. */
    streamsBody?: boolean
  }
  interface FastifyRequest {
    principal: Principal
  }
}

const anonymous: Principal = { name: 'anonymous', csrfToken: null }
const owner: Principal = { name: 'owner', csrfToken: null }
const sim: Principal = { name: 'sim', csrfToken: null }

const forwardingHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']

export interface AccessDeps {
  readonly keys: Keys
  readonly sessions: Sessions
  readonly settings: Settings['http']
  readonly simulated: boolean
}

/** Checks the Host header, finds out who asks, and refuses what they may not do; before any body is read. */
export function guardAccess(app: FastifyInstance, deps: AccessDeps): void {
  const isHostAllowed = createHostCheck({
    boundHost: deps.settings.host,
    allowedHosts: deps.settings.allowedHosts,
  })
  const isOwner = createKeyCheck(deps.keys.owner)
  const isSim = deps.keys.sim === null ? () => false : createKeyCheck(deps.keys.sim)

  const principalOf = (request: FastifyRequest): Principal => {
    const header = request.headers.authorization
    if (header !== undefined) {
      const given = /^Bearer ([A-Za-z0-9_-]{1,256})$/i.exec(header)?.[1]
      if (given !== undefined && isOwner(given)) return owner
      if (given !== undefined && isSim(given)) return sim
      throw new LarderError(
        'RT_UNAUTHORISED',
        'This key is not known here. Send "Authorization: Bearer <key>" with the key of the file owner.key in the data folder.',
      )
    }
    const cookie = request.cookies[sessionCookie]
    const session = cookie === undefined ? null : deps.sessions.session(cookie)
    return session ? { name: 'board', csrfToken: session.csrfToken } : anonymous
  }

  app.decorateRequest('principal', null as unknown as Principal)
  app.addHook('onRequest', async (request) => {
    if (!isHostAllowed(request.headers.host)) {
      throw new LarderError(
        'RT_FORBIDDEN',
        `The host name "${request.headers.host ?? ''}" is not one of Larder's. Add it to the setting http.allowedHosts (LARDER_HTTP_ALLOWED_HOSTS) if it is.`,
      )
    }
    const access = request.is404 ? 'public' : (request.routeOptions.config.access ?? 'write')
    request.principal = access === 'public' ? anonymous : principalOf(request)
    if (access !== 'public') authorise(request, access, mayReadAnonymously(deps, request))
    return Promise.resolve()
  })
}

function authorise(request: FastifyRequest, access: Access, anonymousRead: boolean): void {
  const { name, csrfToken } = request.principal
  if (name === 'anonymous') {
    if (access === 'read' && anonymousRead) return
    throw new LarderError(
      'RT_UNAUTHORISED',
      'A key is needed: send "Authorization: Bearer <key>" with the key of the file owner.key in the data folder, or open the board by its one-time link.',
    )
  }
  if (name === 'sim' && access === 'write') {
    throw new LarderError(
      'RT_FORBIDDEN',
      "The simulated city's key may not do this; use the owner's.",
    )
  }
  if (name === 'board' && request.method !== 'GET') {
    const given = request.headers['x-csrf-token']
    if (typeof given !== 'string' || csrfToken === null || !isSameToken(given, csrfToken)) {
      throw new LarderError(
        'RT_FORBIDDEN',
        'Send the header X-CSRF-Token with the csrfToken of GET /v1/session.',
      )
    }
  }
}

function mayReadAnonymously(deps: AccessDeps, request: FastifyRequest): boolean {
  if (deps.settings.anonymousRead !== 'auto') return deps.settings.anonymousRead === 'on'
  return (
    deps.simulated &&
    isLoopback(deps.settings.host) &&
    isLoopbackAddress(request.socket.remoteAddress ?? '127.0.0.1') &&
    !forwardingHeaders.some((name) => request.headers[name] !== undefined)
  )
}
