import { Type } from 'typebox'
import { deadLetterReasons } from '../../domain/index.ts'
import type { ApiContext, App } from '../context.ts'
import { answers, Count, oneOf } from '../schemas/common.ts'

/** Reads the kept bytes of dead letters again, by the decoder of today. Listed and shown by the list routes. */
export function addDeadLetterRoutes(app: App, { replayDeadLetters, operations }: ApiContext): void {
  app.get(
    '/v1/dead-letters/counts',
    {
      config: { access: 'read' },
      schema: {
        tags: ['dead-letters'],
        summary: 'How many dead letters there are, by reason, most first',
        response: answers({
          200: Type.Object({
            items: Type.Array(
              Type.Object({ reason: oneOf(deadLetterReasons), open: Count, replayed: Count }),
            ),
          }),
        }),
      },
    },
    async () => ({ items: [...(await operations.countDeadLetters())] }),
  )
  app.post(
    '/v1/dead-letters/replay',
    {
      config: { access: 'write' },
      schema: {
        tags: ['dead-letters'],
        summary: 'Read dead letters again; what can be read now is stored once',
        body: Type.Object(
          { reason: Type.Optional(oneOf(deadLetterReasons)) },
          { additionalProperties: false },
        ),
        response: answers({ 200: Type.Object({ replayed: Count, stillBad: Count }) }),
      },
    },
    ({ body }) => replayDeadLetters(body.reason),
  )
}
