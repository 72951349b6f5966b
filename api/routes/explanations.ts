import { Type } from 'typebox'
import { LarderError } from '../../domain/index.ts'
import type { ApiContext, App } from '../context.ts'
import { answers, PathId, ref } from '../schemas/common.ts'
import { Explanation } from '../schemas/outside.ts'

/** `GET /v1/forecasts/{id}/explanation`: what is in the forecast itself, or why there is none. */
export function addExplanationRoutes(app: App, { operations }: ApiContext): void {
  app.get(
    '/v1/forecasts/:id/explanation',
    {
      config: { access: 'read' },
      schema: {
        tags: ['forecasts'],
        summary: 'Why a forecast’s mean is what it is: the usual amount and what moved it most',
        params: Type.Object({ id: PathId }),
        response: answers({ 200: ref(Explanation) }),
      },
    },
    async ({ params }) => {
      const forecast = await operations.get('forecasts', params.id)
      if (forecast === null)
        throw new LarderError(
          'RT_NOT_FOUND',
          `There is no forecast "${params.id}". GET /v1/forecasts lists them.`,
        )
      if (forecast.explanation) return forecast.explanation
      throw new LarderError(
        'RT_NOT_FOUND',
        forecast.label === 'baseline'
          ? `The forecast "${params.id}" is of the baseline ${forecast.servedBy}, which weighs no inputs: it is what was sold before.`
          : `The forecast "${params.id}" was not explained: each hour the 500 that are furthest from their usual amount are.`,
      )
    },
  )
}
