import fastifySwagger from '@fastify/swagger'
import fastifySwaggerUi from '@fastify/swagger-ui'
import { version } from '../runtime/index.ts'
import type { App } from './context.ts'
import { Problem } from './schemas/common.ts'
import { componentSchemas } from './schemas/resources.ts'

/** The one inline style that Swagger UI sets while it starts; the browser test of /docs tells when it changes. */
const swaggerStyle = "'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='"

/** OpenAPI 3.1 at `/openapi.json`, made from the routes' own schemas, and a page of it at `/docs` that loads nothing from elsewhere. */
export async function describeApi(app: App): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Larder',
        version,
        description:
          'Telemetry and decisions for same-city instant retail. Times are RFC 3339 with the offset of the site. Lists are `{items, next}`. Errors are RFC 9457 problems with a `code`. Idempotency-Key is taken on every POST.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', description: 'the key of DIR/owner.key' },
          session: { type: 'apiKey', in: 'cookie', name: 'larder_session' },
        },
      },
      security: [{ key: [] }, { session: [] }],
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, i) =>
        typeof json.$id === 'string' ? json.$id : `def-${i}`,
    },
  })
  for (const schema of [Problem, ...componentSchemas]) app.addSchema(schema)

  await app.register(async (scope) => {
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'public' }
    })
    await scope.register(fastifySwaggerUi, {
      routePrefix: '/docs',
      staticCSP: true,
      // Its own policy lets in other hosts, and asks browsers for TLS that a loopback address does not have.
      transformStaticCSP: (policy) =>
        policy
          .replaceAll(/ https:(?=[ ;])| validator\.swagger\.io|upgrade-insecure-requests;?/g, '')
          .replace("style-src 'self'", `style-src 'self' 'unsafe-hashes' ${swaggerStyle}`),
      uiConfig: { validatorUrl: null, docExpansion: 'list' },
    })
  })

  app.get(
    '/openapi.json',
    { config: { access: 'public' }, schema: { hide: true } },
    (_request, reply) =>
      reply.type('application/json; charset=utf-8').send(JSON.stringify(app.swagger())),
  )
}
