import { Type } from 'typebox'
import { LarderError, masterKinds, type MasterKind } from '../../domain/index.ts'
import type { MasterInput } from '../../store/index.ts'
import type { ApiContext, App } from '../context.ts'
import { checkMasterData } from '../imports/master-data-laws.ts'
import { answers, PathId, ref } from '../schemas/common.ts'
import { masterBodies, resourceSchemas } from '../schemas/resources.ts'
import { resourceView } from '../views.ts'

/** `PUT /v1/{sites,products,planograms,lanes,staff}/{id}`: 201 where it is new, 200 where it was replaced. */
export function addMasterDataRoutes(app: App, context: ApiContext): void {
  for (const kind of masterKinds) addPut(app, context, kind)
}

function addPut(app: App, { operations, zones, clock }: ApiContext, kind: MasterKind): void {
  const view = ref(resourceSchemas[kind])
  app.put(
    `/v1/${kind}/:id`,
    {
      config: { access: 'sim' },
      schema: {
        tags: [kind],
        summary: `Add or replace one of ${kind}`,
        params: Type.Object({ id: PathId }),
        body: masterBodies[kind],
        response: answers({ 200: view, 201: view }),
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const body = request.body as Record<string, unknown>
      if (body.id !== undefined && body.id !== id)
        throw new LarderError(
          'RT_REQUEST_INVALID',
          `The body's id ${JSON.stringify(body.id)} is not the path's "${id}". Leave it out, or make them the same.`,
        )
      const item = { id, ...body } as MasterInput<MasterKind>
      const problems = checkMasterData(kind, item)
      if (problems.length > 0)
        throw new LarderError(
          'RT_REQUEST_INVALID',
          `The request is not valid: ${problems.join('; ')}.`,
          { details: { problems: problems.map((words) => ({ path: 'body', words })) } },
        )
      const [outcome] = await operations.putMasterData(kind, [item], clock.now())
      if (kind === 'sites') zones.forget()
      await zones.load()
      const stored = await operations.get(kind, id)
      return reply
        .code(outcome === 'created' ? 201 : 200)
        .send(resourceView(kind, stored ?? item, zones))
    },
  )
}
