import { Type } from 'typebox'
import { LarderError } from '../../domain/index.ts'
import type { ApiContext, App } from '../context.ts'
import { answers, Id, Name, oneOf, Time } from '../schemas/common.ts'

const Tier = oneOf(['in-store', 'within-the-hour', 'today'])

/** What can be promised at this moment, by tier; no count that is not there. */
export function addAvailabilityRoutes(app: App, context: ApiContext): void {
  const { operations, clock, zones, commands } = context
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
            units: Type.Integer(),
            tier: Type.Union([Tier, Type.Null()], {
              description: 'the first that has all the units; null where none has',
            }),
            tiers: Type.Array(
              Type.Object({
                tier: Tier,
                units: Type.Number({ minimum: 0 }),
                from: Type.String(),
                readyAt: Time,
                words: Type.String(),
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
      const [stock, lanes] = await Promise.all([
        operations.list('stock', { product: product.id, limit: 1000 }),
        operations.all('lanes'),
      ])
      const units = query.units ?? 1
      const answer = commands.availability({
        site,
        product,
        units,
        stock: stock.items,
        lanes: lanes.filter((lane) => lane.to === site.id),
        now: clock.now(),
      })
      const format = zones.format(site.id)
      return {
        site: site.id,
        product: product.id,
        units,
        tier: answer.tier,
        tiers: answer.tiers.map((tier) => ({ ...tier, readyAt: format(tier.readyAt) })),
        asOf: format(answer.asOf),
      }
    },
  )
}
