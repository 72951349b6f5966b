import { Type } from 'typebox'
import {
  errorMessage,
  LarderError,
  readContextIssue,
  type ContextIssue,
} from '../../domain/index.ts'
import type { ApiContext, App } from '../context.ts'
import { checkContextNames, type KnownNames } from '../imports/context-kind.ts'
import { answers, PathId, ref } from '../schemas/common.ts'
import { resourceSchemas } from '../schemas/resources.ts'
import { resourceView } from '../views.ts'

const mostIssues = 1000
const mostProblems = 20

/** What is known from outside: said in batches, withdrawn one by one. Listed and shown by the list routes. */
export function addContextRoutes(app: App, context: ApiContext): void {
  const { operations, clock, zones } = context
  app.post(
    '/v1/context',
    {
      config: { access: 'sim' },
      schema: {
        tags: ['context'],
        summary: 'Say what is known from outside: weather, promotions, events, social interest',
        description:
          'All are taken or none. For the same hours of a signal, site and product a newer `issuedAt` replaces an older one, whatever the order of arrival; the same issue again changes nothing.',
        body: Type.Object(
          {
            items: Type.Array(
              Type.Unsafe<Record<string, unknown>>({
                type: 'object',
                description:
                  'signal, start; value (with end) or values (one an hour); site, product, basis, unit, issuedAt, words; or withdraw: true',
              }),
              { minItems: 1, maxItems: mostIssues },
            ),
          },
          { additionalProperties: false },
        ),
        response: answers({
          200: Type.Object({ accepted: Type.Integer(), ids: Type.Array(Type.String()) }),
        }),
      },
    },
    async ({ body }) => {
      const [sites, products] = await Promise.all([
        operations.all('sites'),
        operations.all('products'),
      ])
      const known = {
        sites: new Set(sites.map(({ id }) => id)),
        products: new Set(products.map(({ id }) => id)),
      }
      const issues = readAll(body.items, known, clock.now())
      await operations.saveContext(issues)
      return { accepted: issues.length, ids: issues.map(({ id }) => id) }
    },
  )
  app.delete(
    '/v1/context/:id',
    {
      config: { access: 'sim' },
      schema: {
        tags: ['context'],
        summary: 'Withdraw an issue: from now on nothing is said of its hours',
        params: Type.Object({ id: PathId }),
        response: answers({ 200: ref(resourceSchemas.context) }),
      },
    },
    async ({ params }) => {
      const withdrawn = await operations.withdrawContext(params.id, clock.now())
      await zones.load()
      return resourceView('context', withdrawn, zones)
    },
  )
}

function readAll(
  items: readonly Readonly<Record<string, unknown>>[],
  known: KnownNames,
  now: number,
): readonly ContextIssue[] {
  const problems: { path: string; words: string }[] = []
  const issues = items.flatMap((item, index) => {
    try {
      const issue = readContextIssue(item, now)
      checkContextNames(issue, known)
      return [issue]
    } catch (error) {
      if (!(error instanceof LarderError)) throw error
      problems.push({ path: `body/items/${index}`, words: errorMessage(error) })
      return []
    }
  })
  if (problems.length === 0) return issues
  const [first] = problems
  throw new LarderError(
    'RT_REQUEST_INVALID',
    `${problems.length} of ${items.length} issues are not valid, and none was taken: ${first?.path ?? ''} ${first?.words ?? ''}`,
    { details: { problems: problems.slice(0, mostProblems) } },
  )
}
