import fastifyCookie from '@fastify/cookie'
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import fastify, { type FastifyInstance } from 'fastify'
import { hourMs } from '../domain/index.ts'
import { describeSystemError, type Stage } from '../runtime/index.ts'
import type { ApiContext, App } from './context.ts'
import type { ApiDeps } from './deps.ts'
import { answerRepeats } from './idempotency.ts'
import { describeApi } from './openapi.ts'
import { answerProblems, describeInvalid } from './problems.ts'
import { addAvailabilityRoutes } from './routes/availability.ts'
import { addBoard } from './routes/board.ts'
import { addBookingRoutes } from './routes/bookings.ts'
import { addChangeRoutes } from './routes/changes.ts'
import { addDeadLetterRoutes } from './routes/dead-letters.ts'
import { addDeviceRoutes } from './routes/devices.ts'
import { addEventRoutes } from './routes/events.ts'
import { addImportRoutes } from './routes/imports.ts'
import { addListRoutes } from './routes/lists.ts'
import { addMasterDataRoutes } from './routes/master-data.ts'
import { addReadingRoutes } from './routes/readings.ts'
import { addSessionRoutes } from './routes/session.ts'
import { addSystemRoutes } from './routes/system.ts'
import { addTransferRoutes } from './routes/transfers.ts'
import { guardAccess } from './security/access.ts'
import { setSecurityHeaders } from './security/headers.ts'
import { createSessions } from './security/sessions.ts'
import { createZones } from './zones.ts'

const bodyLimitBytes = 1024 * 1024
const longestPathPart = 400

export interface Api {
  /** Ready to be asked by `inject`, or to listen. */
  readonly app: FastifyInstance
  /** Path of a one-time link that opens a board session: `/login?token=…`. */
  createLoginPath(): string
}

/** The whole API over what it is given; nothing listens yet. */
export async function createApi(deps: ApiDeps): Promise<Api> {
  const app = createServer()
  const sessions = createSessions(deps.wall)
  const zones = createZones({ sites: () => deps.operations.all('sites'), wall: deps.wall })
  const context: ApiContext = { ...deps, zones, sessions }

  setSecurityHeaders(app)
  answerProblems(app, deps.logger)
  await app.register(fastifyCookie)
  guardAccess(app, { ...deps, sessions })
  answerRepeats(app, { operations: deps.operations, now: deps.clock.now, logger: deps.logger })
  await describeApi(app)

  addSystemRoutes(app, context)
  addSessionRoutes(app, context)
  addListRoutes(app, context)
  addMasterDataRoutes(app, context)
  addReadingRoutes(app, context)
  addAvailabilityRoutes(app, context)
  addDeviceRoutes(app, context)
  addTransferRoutes(app, context)
  addBookingRoutes(app, context)
  addChangeRoutes(app, context)
  addDeadLetterRoutes(app, context)
  addEventRoutes(app, context)
  await addImportRoutes(app, context)
  await addBoard(app, deps.boardFolder)
  await app.ready()
  return {
    app: app as unknown as FastifyInstance,
    createLoginPath: () => `/login?token=${sessions.createLoginToken()}`,
  }
}

function createServer(): App {
  const app: App = fastify({
    logger: false,
    bodyLimit: bodyLimitBytes,
    // Fastify's defaults wait for ever for a slow sender.
    requestTimeout: hourMs / 12,
    connectionTimeout: 120_000,
    keepAliveTimeout: 30_000,
    http: { headersTimeout: 15_000, maxHeaderSize: 16 * 1024 },
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: longestPathPart },
    schemaErrorFormatter: describeInvalid,
  })
  app.setValidatorCompiler(TypeBoxValidatorCompiler)
  // Views are made field by field; the tests hold every answer against the document.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))
  takeEmptyJson(app)
  return app
}

/** `Content-Type: application/json` without a body is an empty object: most clients always send the header. */
function takeEmptyJson(app: App): void {
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, {})
    else void parseJson(request, body as string, done)
  })
  app.addHook('preValidation', async (request) => {
    if (request.body === undefined && request.routeOptions.schema?.body !== undefined)
      request.body = {}
    return Promise.resolve()
  })
}

export interface RunningApi extends Stage {
  /** `http://127.0.0.1:8080` */
  readonly url: string
  readonly app: FastifyInstance
  /** A link that opens the board with the right to write, once, within ten minutes. */
  createLoginLink(): string
}

/** Listens; a port in use is RT_PORT_IN_USE with what to do. */
export async function startApi(
  deps: ApiDeps & { readonly host: string; readonly port: number },
): Promise<RunningApi> {
  const { host, port } = deps
  const api = await createApi({ ...deps, settings: { ...deps.settings, host, port } })
  try {
    await api.app.listen({ host, port })
  } catch (error) {
    await api.app.close()
    throw describeSystemError(error, {
      what: `The API cannot listen on ${host}:${port}`,
      remedy: 'Choose another port with --http, or stop what uses this one.',
    })
  }
  const address = api.app.server.address()
  const listening = typeof address === 'object' && address !== null ? address.port : port
  const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host
  const url = `http://${shown.includes(':') ? `[${shown}]` : shown}:${listening}`
  let closing: Promise<void> | undefined
  return {
    url,
    app: api.app,
    createLoginLink: () => url + api.createLoginPath(),
    stop: () => (closing ??= api.app.close()),
  }
}
