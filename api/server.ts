import fastifyCookie from '@fastify/cookie'
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import fastify from 'fastify'
import { hourMs } from '../domain/index.ts'
import type { App } from './context.ts'
import type { ApiDeps } from './deps.ts'
import { answerRepeats } from './idempotency.ts'
import { describeApi } from './openapi.ts'
import { answerProblems, describeInvalid } from './problems.ts'
import { guardAccess } from './security/access.ts'
import { setSecurityHeaders } from './security/headers.ts'
import { createSessions, type Sessions } from './security/sessions.ts'
import { createZones, type Zones } from './zones.ts'

const bodyLimitBytes = 1024 * 1024
const longestPathPart = 400

/** A server without routes of its own yet: access, problems, idempotency and the document are there. */
export async function createServer(
  deps: Pick<
    ApiDeps,
    'wall' | 'operations' | 'logger' | 'clock' | 'keys' | 'settings' | 'simulated'
  >,
): Promise<{ readonly app: App; readonly zones: Zones; readonly sessions: Sessions }> {
  const app = createBareServer()
  const sessions = createSessions(deps.wall)
  const zones = createZones({ sites: () => deps.operations.all('sites'), wall: deps.wall })
  setSecurityHeaders(app)
  answerProblems(app, deps.logger)
  await app.register(fastifyCookie)
  guardAccess(app, { ...deps, sessions })
  answerRepeats(app, {
    operations: deps.operations,
    now: deps.clock.now,
    wallNow: () => deps.wall.now(),
    logger: deps.logger,
  })
  await describeApi(app)
  return { app, zones, sessions }
}

function createBareServer(): App {
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
