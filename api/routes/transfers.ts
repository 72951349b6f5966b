import { Type } from 'typebox'
import type { Transfer } from '../../domain/index.ts'
import type { ApiContext, App } from '../context.ts'
import { answers, Id, PathId, ref } from '../schemas/common.ts'
import { resourceSchemas } from '../schemas/resources.ts'
import { resourceView } from '../views.ts'

const closed = { additionalProperties: false } as const
const Params = Type.Object({ id: PathId })
const Lines = Type.Array(
  Type.Object({ product: Id, units: Type.Integer({ minimum: 0, maximum: 1_000_000 }) }, closed),
  { minItems: 1, maxItems: 1000 },
)

/** The four steps of a transfer: decided by a person, driven and counted by the two sites. */
export function addTransferRoutes(app: App, { operations, clock, zones }: ApiContext): void {
  const response = answers({ 200: ref(resourceSchemas.transfers) })
  const view = async (transfer: Transfer) => {
    await zones.load()
    return resourceView('transfers', transfer, zones)
  }

  for (const decision of ['approve', 'reject'] as const)
    app.post(
      `/v1/transfers/:id/${decision}`,
      {
        config: { access: 'write' },
        schema: {
          tags: ['transfers'],
          summary:
            decision === 'approve'
              ? 'Approve a proposal: its units are on their way in the books'
              : 'Reject a proposal',
          params: Params,
          response,
        },
      },
      async ({ params, principal }) =>
        view(await operations.decideTransfer(params.id, decision, principal.name, clock.now())),
    )

  app.post(
    '/v1/transfers/:id/dispatch',
    {
      config: { access: 'sim' },
      schema: {
        tags: ['transfers'],
        summary: 'It leaves: units are taken from the giver; lines where fewer were found',
        params: Params,
        body: Type.Object({ lines: Type.Optional(Lines) }, closed),
        response,
      },
    },
    async ({ params, body }) =>
      view(await operations.dispatchTransfer(params.id, body.lines ?? null, clock.now())),
  )

  app.post(
    '/v1/transfers/:id/receive',
    {
      config: { access: 'sim' },
      schema: {
        tags: ['transfers'],
        summary: 'It is counted in: units are added to the receiver',
        params: Params,
        body: Type.Object({ lines: Lines }, closed),
        response,
      },
    },
    async ({ params, body }) =>
      view(await operations.receiveTransfer(params.id, body.lines, clock.now())),
  )
}
