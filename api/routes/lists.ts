import { Type, type TSchema } from 'typebox'
import { LarderError } from '../../domain/index.ts'
import type { ResourceFilter, Resources } from '../../store/index.ts'
import type { ApiContext, App } from '../context.ts'
import {
  answers,
  closed,
  Id,
  Limit,
  listOf,
  Name,
  oneOf,
  PathId,
  QueryTime,
  ref,
} from '../schemas/common.ts'
import { resourceSchemas } from '../schemas/resources.ts'
import { timeFromQuery } from '../times.ts'
import { resourceView } from '../views.ts'

const filters = {
  site: Type.Optional(Name),
  product: Type.Optional(Id),
  device: Type.Optional(Name),
  from: Type.Optional(QueryTime),
  to: Type.Optional(QueryTime),
  status: Type.Optional(Type.String({ maxLength: 40 })),
  type: Type.Optional(
    Type.String({
      maxLength: 40,
      description:
        'forecasts: the target; alarms: the kind; dead letters: the reason; context: the signal',
    }),
  ),
  latest: Type.Optional(Type.Boolean({ description: 'forecasts: only the newest of each series' })),
  limit: Type.Optional(Limit),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })),
}
const ListQuery = Type.Object(filters, closed)
type ListQuery = Type.Static<typeof ListQuery>

export function filterOf(query: ListQuery): ResourceFilter {
  return {
    site: query.site,
    product: query.product,
    device: query.device,
    from: query.from === undefined ? undefined : timeFromQuery(query.from),
    to: query.to === undefined ? undefined : timeFromQuery(query.to),
    status: query.status,
    type: query.type,
    latest: query.latest,
    limit: query.limit ?? 100,
    cursor: query.cursor,
  }
}

/** Of resources that are asked for by a status which their own schema does not show. */
const hiddenStatus: Partial<Record<keyof Resources, TSchema>> = {
  alarms: oneOf(['open', 'cleared']),
  'dead-letters': oneOf(['open', 'replayed']),
}

/** A status that a resource never has is a slip of the pen, not an empty list. */
function queryOf(kind: keyof Resources): typeof ListQuery {
  const { status = hiddenStatus[kind] }: { readonly status?: TSchema } =
    resourceSchemas[kind].properties
  if (status === undefined) return ListQuery
  return Type.Object({ ...filters, status: Type.Optional(status as typeof filters.status) }, closed)
}

/** `GET /v1/X` and `GET /v1/X/{id}` of every resource. */
export function addListRoutes(app: App, context: ListContext): void {
  addListsOf(app, context, Object.keys(resourceSchemas) as (keyof Resources)[])
}

type ListContext = Pick<ApiContext, 'operations' | 'zones'>

export function addListsOf(
  app: App,
  context: ListContext,
  kinds: readonly (keyof Resources)[],
): void {
  for (const kind of kinds) addLists(app, context, kind)
}

function addLists(app: App, { operations, zones }: ListContext, kind: keyof Resources): void {
  const schema = resourceSchemas[kind]
  const word = kind.replace('-', ' ')
  app.get(
    `/v1/${kind}`,
    {
      config: { access: 'read' },
      schema: {
        tags: [kind],
        summary: `List ${word}, filtered, a page at a time`,
        querystring: queryOf(kind),
        response: answers({ 200: listOf(ref(schema)) }),
      },
    },
    async (request) => {
      const filter = filterOf(request.query)
      await zones.load()
      const page = await operations.list(kind, filter)
      return {
        items: page.items.map((item) => resourceView(kind, item, zones)),
        next: page.next,
      }
    },
  )
  app.get(
    `/v1/${kind}/:id`,
    {
      config: { access: 'read' },
      schema: {
        tags: [kind],
        summary: `One of ${word} by its id`,
        params: Type.Object({ id: PathId }),
        response: answers({ 200: ref(schema) }),
      },
    },
    async (request) => {
      await zones.load()
      const item = await operations.get(kind, request.params.id)
      if (item === null)
        throw new LarderError(
          'RT_NOT_FOUND',
          `There is no "${request.params.id}" in ${word}. GET /v1/${kind} lists them.`,
        )
      return resourceView(kind, item, zones)
    },
  )
}
