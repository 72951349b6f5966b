import { Type } from 'typebox'
import { LarderError, type ModelScore, type RegisteredModel } from '../../domain/index.ts'
import type { ApiContext, App } from '../context.ts'
import {
  answers,
  closed,
  Count,
  listOf,
  Name,
  named,
  NumberOrNull,
  oneOf,
  PathId,
  ref,
  TextOrNull,
} from '../schemas/common.ts'
import { resourceSchemas } from '../schemas/resources.ts'
import { resourceView } from '../views.ts'

const Params = Type.Object({ id: PathId })
const Target = oneOf(['demand', 'footfall', 'temperature'])
const Day = Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', description: '2026-11-22' })

const ModelReport = named('ModelReport', {
  version: Type.String(),
  report: Type.Unsafe<object>({ type: 'object', additionalProperties: true }),
  words: Type.String({ description: 'the same as a table to read' }),
})
const LiveScore = named('LiveScore', {
  target: Target,
  model: Type.String(),
  site: TextOrNull,
  day: TextOrNull,
  windows: Count,
  censored: Type.Integer({ minimum: 0, description: 'windows left out: partly out of stock' }),
  wql: NumberOrNull,
  wape: NumberOrNull,
  wpe: NumberOrNull,
  below10: NumberOrNull,
  below50: NumberOrNull,
  below90: NumberOrNull,
})

/** What a person does with trained versions, and how all forecasters do. */
export function addModelRoutes(app: App, { operations, clock, zones }: ApiContext): void {
  app.addSchema(ModelReport)
  app.addSchema(LiveScore)
  const response = answers({ 200: ref(resourceSchemas.models) })
  const view = async (model: RegisteredModel) => {
    await zones.load()
    return resourceView('models', model, zones)
  }

  for (const [step, state, summary] of [
    ['serve', 'serving', 'Serve this version from now on, whatever its scores'],
    ['shadow', 'shadow', 'Let it forecast in the shadow, to be scored beside the serving one'],
    ['stand-by', 'standby', 'Take it out of use; where it served, a baseline serves'],
  ] as const)
    app.post(
      `/v1/models/:id/${step}`,
      {
        config: { access: 'write' },
        schema: { tags: ['models'], summary, params: Params, response },
      },
      async ({ params, principal }) =>
        view(
          await operations.useModel(
            params.id,
            { state, reason: `Chosen by ${principal.name}.` },
            clock.now(),
          ),
        ),
    )

  app.post(
    '/v1/models/rollback',
    {
      config: { access: 'write' },
      schema: {
        tags: ['models'],
        summary: 'Serve the version that served before this one',
        body: Type.Object({ target: Type.Optional(Target) }, closed),
        response,
      },
    },
    async ({ body, principal }) =>
      view(await operations.rollBackModel(body.target ?? 'demand', principal.name, clock.now())),
  )

  app.get(
    '/v1/models/:id/report',
    {
      config: { access: 'read' },
      schema: {
        tags: ['models'],
        summary: 'How a version did on days before it had seen them, beside every baseline',
        params: Params,
        response: answers({ 200: ref(ModelReport) }),
      },
    },
    async ({ params }) => {
      const report = await operations.modelReport(params.id)
      if (!report)
        throw new LarderError(
          'RT_NOT_FOUND',
          `There is no report of a model "${params.id}". GET /v1/models lists those there are.`,
        )
      return { version: params.id, report: JSON.parse(report.body) as object, words: report.words }
    },
  )

  app.get(
    '/v1/models/scores',
    {
      config: { access: 'read' },
      schema: {
        tags: ['models'],
        summary: 'How forecasters did, as hours completed: by model, or by site or day too',
        querystring: Type.Object(
          {
            target: Type.Optional(Target),
            site: Type.Optional(Name),
            from: Type.Optional(Day),
            to: Type.Optional(Day),
            by: Type.Optional(oneOf(['model', 'site', 'day'])),
          },
          closed,
        ),
        response: answers({ 200: listOf(ref(LiveScore)) }),
      },
    },
    async ({ query }) => {
      const { by = 'model', ...filter } = query
      return { items: addUp(await operations.modelScores(filter), by), next: null }
    },
  )
}

type Sums = Omit<ModelScore, 'site' | 'day'> & { site: string | null; day: string | null }

/** In the order of their keys. */
function addUp(scores: readonly ModelScore[], by: 'model' | 'site' | 'day') {
  const groups = new Map<string, Sums>()
  for (const score of scores) {
    const site = by === 'site' ? score.site : null
    const day = by === 'day' ? score.day : null
    const key = `${score.target} ${score.model} ${site ?? day ?? ''}`
    const sums = groups.get(key)
    groups.set(key, sums ? add(sums, score) : { ...score, site, day })
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sums]) => viewOf(sums))
}

function add(sums: Sums, score: ModelScore): Sums {
  return {
    ...sums,
    windows: sums.windows + score.windows,
    censored: sums.censored + score.censored,
    amount: sums.amount + score.amount,
    mean: sums.mean + score.mean,
    absolute: sums.absolute + score.absolute,
    loss: sums.loss + score.loss,
    below10: sums.below10 + score.below10,
    below50: sums.below50 + score.below50,
    below90: sums.below90 + score.below90,
  }
}

function viewOf({ target, model, site, day, windows, censored, ...sums }: Sums) {
  const share = (part: number, whole: number): number | null =>
    whole > 0 ? Math.round((part / whole) * 1e5) / 1e5 : null
  return {
    ...{ target, model, site, day, windows, censored },
    wql: share(sums.loss, sums.amount),
    wape: share(sums.absolute, sums.amount),
    wpe: share(sums.mean - sums.amount, sums.amount),
    below10: share(sums.below10, windows),
    below50: share(sums.below50, windows),
    below90: share(sums.below90, windows),
  }
}
