import { Type } from 'typebox'
import { LarderError } from '../../domain/index.ts'
import { availability } from '../../planner/index.ts'
import type { ApiContext, App } from '../context.ts'
import { answers, Id, Name, oneOf, Time } from '../schemas/common.ts'

const Tier = oneOf(['in-store', 'within-the-hour', 'today'])

/** What can be promised at this moment, by tier; no count that is not there. */
export function addAvailabilityRoutes(app: App, context: ApiContext): void {
  const { operations, clock, zones } = context
  app.get(
    '/v1/availability',
    {
      config: { access: 'read' },
      schema: {
        tags: ['stock'],
        summary: 'Where so many units can be had: in store, within the hour, today',
        querystring: Type.Object(
          {
            site: Name,
            product: Id,
            units: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, default: 1 })),
          },
          { additionalProperties: false },
        ),
        response: answers({
          200: Type.Object({
            site: Type.String(),
            product: Type.String(),
            units: Type.Integer({ description: 'asked for' }),
            available: Type.Integer({
              minimum: 0,
              description: 'what the store can promise at this moment',
            }),
            tier: Type.Union([Tier, Type.Null()], {
              description: 'the nearest that has all the units; null where none has',
            }),
            tiers: Type.Array(
              Type.Object({
                tier: Tier,
                units: Type.Number({ minimum: 0 }),
                from: Type.String(),
                eta: Type.Union([Time, Type.Null()], {
                  description:
                    'null in the store; else the 0.9 quantile of the arrival, rounded up to 15 minutes',
                }),
              }),
            ),
            asOf: Time,
          }),
        }),
      },
    },
    async ({ query }) => {
      const sites = await zones.load()
      const site = sites.get(query.site)
      const product = await operations.get('products', query.product)
      if (!site || !product)
        throw new LarderError(
          'RT_NOT_FOUND',
          site
            ? `There is no product "${query.product}". GET /v1/products lists them.`
            : `There is no site "${query.site}". GET /v1/sites lists them.`,
        )
      const [stock, lanes, planograms] = await Promise.all([
        operations.list('stock', { product: product.id, limit: 1000 }),
        operations.all('lanes'),
        operations.all('planograms'),
      ])
      const units = query.units ?? 1
      const answer = availability({
        site,
        product,
        units,
        stock: stock.items,
        lanes,
        planograms,
        now: clock.now(),
      })
      const format = zones.format(site.id)
      return {
        site: site.id,
        product: product.id,
        units,
        available: answer.available,
        tier: answer.tiers[0]?.tier ?? null,
        tiers: answer.tiers.map(({ tier, from, units: spare, etaAt }) => ({
          tier,
          from,
          units: spare,
          eta: etaAt === null ? null : format(etaAt),
        })),
        asOf: format(answer.asOf),
      }
    },
  )
}
