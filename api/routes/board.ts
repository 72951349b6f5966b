import { basename } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { App } from '../context.ts'

const hashed = /[-.][A-Za-z0-9_]{8,}\.(js|css|map|svg|png|woff2?|ico)$/

/** The built board at `/`. Its files are public, what they show is not: they ask the API as anyone does. */
export async function addBoard(app: App, folder: string | null): Promise<void> {
  if (folder === null) {
    app.get('/', { config: { access: 'public' }, schema: { hide: true } }, (_request, reply) =>
      reply
        .type('text/plain; charset=utf-8')
        .send('This Larder has no board. The API is described at /docs.\n'),
    )
    return
  }
  await app.register(async (scope) => {
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'public' }
      route.schema = { ...route.schema, hide: true }
    })
    await scope.register(fastifyStatic, {
      root: folder,
      prefix: '/',
      wildcard: false,
      decorateReply: false,
      cacheControl: false,
      setHeaders: (reply, path) => {
        reply.setHeader(
          'cache-control',
          hashed.test(basename(path)) ? 'public, max-age=31536000, immutable' : 'no-cache',
        )
      },
    })
  })
}
