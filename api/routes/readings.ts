import { Type } from 'typebox'
import { LarderError } from '../../domain/index.ts'
import type { ApiContext, App } from '../context.ts'
import { answers, Id, listOf, Name, NumberOrNull, QueryTime, ref, Time } from '../schemas/common.ts'
import { Reading } from '../schemas/resources.ts'
import { timeFromQuery } from '../times.ts'
import { readingView } from '../views.ts'

const lastMoment = 8_640_000_000_000_000
const mostHours = 24 * 92

const Channel = Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' })
const Gtin = Type.String({ pattern: '^[0-9]{14}$' })
const selector = {
  site: Type.Optional(Name),
  device: Type.Optional(Name),
  channel: Type.Optional(Channel),
  gtin: Type.Optional(Gtin),
}
const closed = { additionalProperties: false } as const

const Hourly = Type.Object({
  site: Type.String(),
  device: Type.Union([Type.String(), Type.Null()]),
  channel: Type.String(),
  gtin: Type.Union([Type.String(), Type.Null()]),
  hours: Type.Array(
    Type.Object({
      at: Time,
      count: Type.Integer(),
      sum: NumberOrNull,
      min: NumberOrNull,
      max: NumberOrNull,
      last: NumberOrNull,
    }),
  ),
})

/** Readings as they came, the newest of each series, and by the hour. */
export function addReadingRoutes(app: App, { operations, series, zones }: ApiContext): void {
  app.get(
    '/v1/readings',
    {
      config: { access: 'read' },
      schema: {
        tags: ['readings'],
        summary: 'Readings of a site or device, by time; from <= at < to',
        querystring: Type.Object(
          {
            ...selector,
            product: Type.Optional(Id),
            from: Type.Optional(QueryTime),
            to: Type.Optional(QueryTime),
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 1000 })),
            cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })),
          },
          closed,
        ),
        response: answers({ 200: listOf(ref(Reading)) }),
      },
    },
    async ({ query }) => {
      await zones.load()
      if (query.site === undefined && query.channel === undefined)
        throw new LarderError(
          'RT_REQUEST_INVALID',
          'Say which readings: give a site, or a channel.',
        )
      const page = await series.range({
        site: query.site,
        device: query.device,
        channel: query.channel,
        gtin: query.product === undefined ? query.gtin : await gtinOf(operations, query.product),
        from: query.from === undefined ? 0 : timeFromQuery(query.from),
        to: query.to === undefined ? lastMoment : timeFromQuery(query.to),
        limit: query.limit ?? 1000,
        after: query.cursor,
      })
      return {
        items: page.readings.map((reading) => readingView(reading, zones)),
        next: page.next,
      }
    },
  )

  app.get(
    '/v1/readings/latest',
    {
      config: { access: 'read' },
      schema: {
        tags: ['readings'],
        summary: 'The newest reading of each series',
        querystring: Type.Object(
          {
            ...selector,
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 1000 })),
          },
          closed,
        ),
        response: answers({ 200: listOf(ref(Reading)) }),
      },
    },
    async ({ query }) => {
      await zones.load()
      const { limit = 1000, ...selected } = query
      const readings = await series.latest({ ...selected, limit })
      return { items: readings.map((reading) => readingView(reading, zones)), next: null }
    },
  )

  app.get(
    '/v1/readings/hourly',
    {
      config: { access: 'read' },
      schema: {
        tags: ['readings'],
        summary: 'Sum, count, least, most and last by the hour, hours without readings left out',
        querystring: Type.Object(
          {
            ...selector,
            site: Name,
            channel: Channel,
            from: QueryTime,
            to: QueryTime,
            by: Type.Optional(
              Type.Unsafe<'site' | 'device'>({ type: 'string', enum: ['site', 'device'] }),
            ),
          },
          closed,
        ),
        response: answers({ 200: listOf(Hourly) }),
      },
    },
    async ({ query }) => {
      await zones.load()
      const from = Math.floor(timeFromQuery(query.from) / 3_600_000) * 3_600_000
      const to = Math.ceil(timeFromQuery(query.to) / 3_600_000) * 3_600_000
      if (to <= from || (to - from) / 3_600_000 > mostHours)
        throw new LarderError(
          'RT_REQUEST_INVALID',
          `"to" comes after "from", by ${mostHours} hours at most. Ask for a shorter time.`,
        )
      const hourly = await series.hourly({
        site: query.site,
        device: query.device,
        channel: query.channel,
        gtin: query.gtin,
        from,
        to,
        by: query.by ?? 'site',
      })
      const format = zones.format(query.site)
      return {
        items: hourly.map((one) => ({
          site: one.site,
          device: one.device,
          channel: one.channel,
          gtin: one.gtin,
          hours: [...one.count].flatMap((count, i) =>
            count === 0
              ? []
              : [
                  {
                    at: format(one.from + i * 3_600_000),
                    count,
                    sum: finite(one.sum[i]),
                    min: finite(one.min[i]),
                    max: finite(one.max[i]),
                    last: finite(one.last[i]),
                  },
                ],
          ),
        })),
        next: null,
      }
    },
  )
}

async function gtinOf(operations: ApiContext['operations'], product: string): Promise<string> {
  const found = await operations.get('products', product)
  if (found) return found.gtin
  throw new LarderError(
    'RT_REQUEST_INVALID',
    `There is no product "${product}". GET /v1/products lists them.`,
  )
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null
}
