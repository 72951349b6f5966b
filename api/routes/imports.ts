import { Readable } from 'node:stream'
import { Type } from 'typebox'
import { LarderError } from '../../domain/index.ts'
import type { ApiContext, App } from '../context.ts'
import { importCsv, importKinds } from '../imports/csv-import.ts'
import { answers, Count, oneOf } from '../schemas/common.ts'

/** `POST /v1/imports`: master data, stock and history as CSV; importing again changes nothing. */
export async function addImportRoutes(app: App, context: ApiContext): Promise<void> {
  await app.register((scope: App) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('text/csv', (_request, payload, done) => done(null, payload))
    scope.post(
      '/v1/imports',
      {
        config: { access: 'sim', streamsBody: true },
        schema: {
          tags: ['imports'],
          summary: 'Import a CSV file whose header tells what it is',
          description: `Kinds: ${importKinds.join(', ')}. Rows that cannot be taken are counted and the first 20 named by line; the others are stored.`,
          body: {
            content: {
              'text/csv': { schema: Type.Unsafe<unknown>({ description: 'CSV with a header' }) },
            },
          },
          querystring: Type.Object(
            { kind: Type.Optional(oneOf(importKinds)) },
            { additionalProperties: false },
          ),
          response: answers({
            200: Type.Object({
              kind: Type.String(),
              accepted: Count,
              rejected: Count,
              problems: Type.Array(Type.Object({ line: Count, words: Type.String() })),
            }),
          }),
        },
      },
      async (request) => {
        const body: unknown = request.body
        if (!(body instanceof Readable))
          throw new LarderError(
            'RT_REQUEST_INVALID',
            'Send the file as the body, with Content-Type: text/csv.',
          )
        const mostBytes = context.settings.bodyLimitMegabytes * 1024 * 1024
        const result = await importCsv(body, { kind: request.query.kind, mostBytes }, context)
        return { ...result, problems: [...result.problems] }
      },
    )
  })
}
