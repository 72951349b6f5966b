import { Type } from 'typebox'
import { LarderError } from '../../domain/index.ts'
import type { ApiContext, App } from '../context.ts'
import { answers, nothing, TextOrNull } from '../schemas/common.ts'
import { sessionCookie } from '../security/sessions.ts'

/** The board's way in: a one-time link becomes a cookie that no script reads, and a token that every write repeats. */
export function addSessionRoutes(app: App, { sessions }: ApiContext): void {
  app.get(
    '/login',
    {
      config: { access: 'public' },
      schema: {
        tags: ['session'],
        summary: 'Open the board by a one-time link',
        querystring: Type.Object(
          { token: Type.String({ pattern: '^[A-Za-z0-9_-]{20,100}$' }) },
          { additionalProperties: false },
        ),
        response: answers({ 303: nothing('to the board, with the session as a cookie') }),
      },
    },
    (request, reply) => {
      const cookie = sessions.login(request.query.token)
      if (cookie === null)
        throw new LarderError(
          'RT_UNAUTHORISED',
          'This link has been used or is older than ten minutes. Get a new one from the terminal of Larder.',
        )
      return reply
        .setCookie(sessionCookie, cookie, { path: '/', httpOnly: true, sameSite: 'strict' })
        .redirect('/', 303)
    },
  )

  app.get(
    '/v1/session',
    {
      config: { access: 'read' },
      schema: {
        tags: ['session'],
        summary: 'Who asks, whether they can write, and the CSRF token of a board session',
        response: answers({
          200: Type.Object({
            name: Type.String(),
            canWrite: Type.Boolean(),
            csrfToken: TextOrNull,
          }),
        }),
      },
    },
    (request) => {
      const { name, csrfToken } = request.principal
      return { name, canWrite: name === 'owner' || name === 'board', csrfToken }
    },
  )

  app.delete(
    '/v1/session',
    {
      config: { access: 'write' },
      schema: {
        tags: ['session'],
        summary: 'End the board session',
        response: answers({ 204: nothing('ended') }),
      },
    },
    (request, reply) => {
      const cookie = request.cookies[sessionCookie]
      if (cookie !== undefined) sessions.logout(cookie)
      return reply.clearCookie(sessionCookie, { path: '/' }).code(204).send()
    },
  )
}
