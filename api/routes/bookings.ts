import { Type } from 'typebox'
import { LarderError, minuteMs, type Basket, type Booking } from '../../domain/index.ts'
import type { ApiContext, App } from '../context.ts'
import { idOfMade } from '../idempotency.ts'
import { answers, Id, PathId, ref, Time } from '../schemas/common.ts'
import { resourceSchemas } from '../schemas/resources.ts'
import { resourceView } from '../views.ts'

const closed = { additionalProperties: false } as const
const Params = Type.Object({ id: PathId })
const Line = Type.Object(
  { product: Id, units: Type.Integer({ minimum: 1, maximum: 10_000 }) },
  closed,
)
const BasketBody = Type.Object({ lines: Type.Array(Line, { minItems: 1, maxItems: 200 }) }, closed)

const Lease = Type.Object(
  {
    leaseId: Type.String(),
    slot: Type.String(),
    site: Type.String(),
    minutes: Type.Number({ description: 'staff-minutes held' }),
    expiresAt: Time,
  },
  { $id: 'Lease', ...closed },
)

/** Two steps: a lease holds minutes and stock for a while, a booking keeps them. */
export function addBookingRoutes(app: App, context: ApiContext): void {
  const { operations, clock, zones, estimateBasketMinutes, settings } = context
  const booking = ref(resourceSchemas.bookings)
  app.addSchema(Lease)

  const view = async (found: Booking) => {
    await zones.load()
    return resourceView('bookings', found, zones)
  }

  const minutesOf = async (baskets: readonly Basket[]): Promise<number> => {
    const ids = new Set(baskets.flatMap(({ lines }) => lines.map(({ product }) => product)))
    const products = new Map<string, NonNullable<Awaited<ReturnType<typeof productOf>>>>()
    const productOf = (id: string) => operations.get('products', id)
    const unknown: string[] = []
    for (const id of ids) {
      const product = await productOf(id)
      if (product) products.set(id, product)
      else unknown.push(id)
    }
    if (unknown.length > 0)
      throw new LarderError(
        'RT_REQUEST_INVALID',
        `There is no product ${unknown.map((id) => `"${id}"`).join(', ')}. GET /v1/products lists them.`,
      )
    return baskets.reduce((sum, basket) => sum + estimateBasketMinutes(basket, products).p50, 0)
  }

  app.post(
    '/v1/leases',
    {
      config: { access: 'sim' },
      schema: {
        tags: ['bookings'],
        summary: "Hold a slot's minutes and the baskets' stock for a few minutes",
        body: Type.Object(
          { slot: PathId, baskets: Type.Array(BasketBody, { minItems: 1, maxItems: 100 }) },
          closed,
        ),
        response: answers({ 201: ref(Lease) }),
      },
    },
    async (request, reply) => {
      const { body } = request
      await zones.load()
      const minutes = await minutesOf(body.baskets)
      const now = clock.now()
      const lease = await operations
        .lease({
          leaseId: idOfMade(request),
          slot: body.slot,
          baskets: body.baskets,
          minutes,
          now,
          expiresAt: now + Math.round(settings.leaseMinutes * minuteMs),
        })
        .catch((error: unknown) => {
          throw withSlotViews(error, body.slot, context)
        })
      return reply.code(201).send({
        leaseId: lease.leaseId,
        slot: lease.slot,
        site: lease.site,
        minutes: lease.minutes,
        expiresAt: zones.format(lease.site)(lease.expiresAt),
      })
    },
  )

  app.post(
    '/v1/bookings',
    {
      config: { access: 'sim' },
      schema: {
        tags: ['bookings'],
        summary: 'Keep what a lease holds',
        body: Type.Object({ leaseId: PathId }, closed),
        response: answers({ 201: booking }),
      },
    },
    async (request, reply) => {
      const made = await operations.book({
        bookingId: idOfMade(request),
        leaseId: request.body.leaseId,
        now: clock.now(),
      })
      return reply.code(201).send(await view(made))
    },
  )

  app.delete(
    '/v1/bookings/:id',
    {
      config: { access: 'sim' },
      schema: {
        tags: ['bookings'],
        summary: 'Cancel: minutes and stock are given back',
        params: Params,
        response: answers({ 200: booking }),
      },
    },
    async ({ params }) => view(await operations.moveBooking(params.id, 'cancel', clock.now())),
  )

  for (const step of ['arrive', 'collect'] as const)
    app.post(
      `/v1/bookings/:id/${step}`,
      {
        config: { access: 'sim' },
        schema: {
          tags: ['bookings'],
          summary:
            step === 'arrive' ? 'The customer is here' : 'Handed over: units leave the stock',
          params: Params,
          response: answers({ 200: booking }),
        },
      },
      async ({ params }) => view(await operations.moveBooking(params.id, step, clock.now())),
    )
}

/** A refused lease names the next slots as the API shows slots. */
function withSlotViews(error: unknown, slotId: string, { zones }: ApiContext): unknown {
  if (!(error instanceof LarderError) || !Array.isArray(error.details.nextSlots)) return error
  // A slot's id begins with its site, and sites have no dot.
  const [site] = slotId.split('.')
  const nextSlots = (error.details.nextSlots as unknown[]).map((slot) =>
    typeof slot === 'object' && slot !== null
      ? resourceView('slots', { site, ...slot }, zones)
      : slot,
  )
  return new LarderError(error.code, error.message, {
    cause: error,
    details: { ...error.details, nextSlots },
  })
}
