import { Type } from 'typebox'
import { LarderError } from '../../domain/index.ts'
import type { ApiContext, App } from '../context.ts'
import { changeView, createChangeReader } from '../events/change-items.ts'
import { answers, Limit, ref } from '../schemas/common.ts'
import { Change } from '../schemas/resources.ts'

const Cursor = Type.String({ pattern: '^[0-9]{1,15}$' })

/** `GET /v1/changes`: the delta feed; `next` is always there, so that a reader goes on from it for ever. */
export function addChangeRoutes(app: App, { operations, zones }: ApiContext): void {
  const reader = createChangeReader(operations, zones)
  app.get(
    '/v1/changes',
    {
      config: { access: 'read' },
      schema: {
        tags: ['changes'],
        summary: 'Changes after a number, in order, without gaps; an empty page is the end for now',
        description:
          'Without cursor: from the oldest change that is kept. 410 where changes after the cursor are no longer kept: read the lists again, then go on from `newest` of the problem. With include=item several changes of one resource on a page become its last.',
        querystring: Type.Object(
          {
            cursor: Type.Optional(Cursor),
            after: Type.Optional(Cursor),
            limit: Type.Optional(Limit),
            include: Type.Optional(Type.Literal('item')),
          },
          { additionalProperties: false },
        ),
        response: answers({
          200: Type.Object({
            items: Type.Array(ref(Change)),
            next: Type.String({ description: 'cursor to go on from, also on an empty page' }),
          }),
        }),
      },
    },
    async ({ query }) => {
      const given = query.cursor ?? query.after
      const after = Number(given ?? 0)
      const limit = query.limit ?? 100
      await zones.load()
      const { oldest, newest, changes } = await operations.changes(after, limit)
      if (given !== undefined && oldest > after + 1 && after < newest)
        throw new LarderError(
          'RT_GONE',
          `Changes ${after + 1} to ${oldest - 1} are no longer kept. Read the lists again, then go on from cursor=${newest}.`,
          { details: { oldest, newest } },
        )
      if (after > newest)
        throw new LarderError(
          'RT_GONE',
          `There is no change ${after}: the newest is ${newest}, so this is another Larder, or one restored from a backup. Read the lists again, then go on from cursor=${newest}.`,
          { details: { oldest, newest } },
        )
      const page =
        query.include === 'item'
          ? await reader.read(after, limit)
          : { items: changes, until: changes.at(-1)?.number ?? after }
      return {
        items: page.items.map((change) => changeView(change, zones)),
        next: String(page.until),
      }
    },
  )
}
