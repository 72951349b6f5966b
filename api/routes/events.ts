import { Type } from 'typebox'
import type { ApiContext, App } from '../context.ts'
import { createEventHub } from '../events/event-hub.ts'
import { answers, text } from '../schemas/common.ts'

const ChangeNumber = Type.String({ pattern: '^[0-9]{1,15}$' })

/** `GET /v1/events`: change, readings and status as server-sent events. */
export function addEventRoutes(app: App, context: ApiContext): void {
  const hub = createEventHub(context)
  app.addHook('preClose', (done) => {
    hub.stop()
    done()
  })

  app.get(
    '/v1/events',
    {
      config: { access: 'read' },
      schema: {
        tags: ['changes'],
        summary:
          'Live: `change` (with the resource as it is now), `readings` (newest per series), `status`',
        description:
          'Server-sent events. The id of a change is its number: Last-Event-ID goes on after it. `reset` says that changes in between are no longer kept, or that this Larder knows no such number: read the lists again. A client that reads too slowly is dropped.',
        headers: Type.Object({ 'last-event-id': Type.Optional(ChangeNumber) }),
        querystring: Type.Object(
          {
            after: Type.Optional(
              Type.String({
                pattern: '^[0-9]{1,15}$',
                description: 'as Last-Event-ID, for clients that cannot send it first',
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: answers({ 200: text('text/event-stream', 'never ends by itself') }),
      },
    },
    async (request, reply) => {
      const after = request.headers['last-event-id'] ?? request.query.after
      const stream = await hub.connect(after === undefined ? null : Number(after))
      return reply
        .type('text/event-stream; charset=utf-8')
        .header('cache-control', 'no-store')
        .header('x-accel-buffering', 'no')
        .send(stream)
    },
  )
}
