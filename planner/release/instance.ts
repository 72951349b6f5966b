import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import { errorMessage, fromRfc3339, minuteMs, toRfc3339 } from '../../domain/index.ts'
import { ThermalModel } from '../../domain/master-data.ts'
import { failOn, schemaProblems } from '../instance-problems.ts'
import { planRelease, releaseWords, type ReleaseQuestion } from './plan-release.ts'

/** The file format of `larder plan release`. Unknown members are ignored. */
const ReleaseInstance = Type.Object({
  product: Type.Object({ ...ThermalModel.properties }),
  storedCelsius: Type.Number(),
  limitCelsius: Type.Number(),
  staging: Type.Array(Type.Object({ at: Type.String(), celsius: Type.Number() }), { minItems: 1 }),
  pickUpAt: Type.String(),
  latenessMinutesP90: Type.Number({ minimum: 0 }),
  handlingMinutes: Type.Number({ minimum: 0 }),
  temperFrom: Type.Optional(Type.Union([Type.String(), Type.Null()])),
})

/** The answer of `larder plan release`; times RFC 3339 with the offset of `pickUpAt`. */
export interface ReleaseAnswer {
  readonly releaseNotBefore: string
  readonly releaseNotAfter: string
  readonly predictedSurfaceCelsius: number
  readonly predictedSurfaceCelsiusP90: number
  readonly limitCelsius: number
  readonly model: 'slab' | 'lumped'
  readonly biot: number
  readonly binding: 'limit' | 'handling' | 'none'
  readonly feasible: boolean
  readonly words: string
}

/** Reads an instance and answers it; all its problems come in one RT_REQUEST_INVALID. */
export function answerRelease(input: unknown): ReleaseAnswer {
  const problems = schemaProblems(ReleaseInstance, input)
  if (problems.length === 0) problems.push(...meaningProblems(input as ReleaseInstance))
  failOn('release instance', problems)
  const instance = input as ReleaseInstance
  const question: ReleaseQuestion = {
    thermal: Value.Clean(ThermalModel, Value.Clone(instance.product)) as ThermalModel,
    storedCelsius: instance.storedCelsius,
    limitCelsius: instance.limitCelsius,
    staging: instance.staging
      .map(({ at, celsius }) => ({ at: fromRfc3339(at), celsius }))
      .sort((a, b) => a.at - b.at),
    pickUpAt: fromRfc3339(instance.pickUpAt),
    latenessMs: instance.latenessMinutesP90 * minuteMs,
    handlingMs: instance.handlingMinutes * minuteMs,
    temperFromAt: instance.temperFrom ? fromRfc3339(instance.temperFrom) : null,
  }
  const plan = planRelease(question)
  const zone = offsetOf(instance.pickUpAt)
  const time = (at: number): string => toRfc3339(at, zone)
  return {
    releaseNotBefore: time(plan.releaseNotBefore),
    releaseNotAfter: time(plan.releaseNotAfter),
    predictedSurfaceCelsius: plan.surfaceAtPickUp,
    predictedSurfaceCelsiusP90: plan.surfaceAtLateness,
    limitCelsius: instance.limitCelsius,
    model: instance.product.model,
    biot: plan.biot,
    binding: plan.binding,
    feasible: plan.feasible,
    words: releaseWords(question, plan, (at) => time(at).slice(11, 16)),
  }
}
type ReleaseInstance = Static<typeof ReleaseInstance>

/** `UTC+08:00` of a time's text, a fixed zone to write others in. */
function offsetOf(text: string): string {
  const offset = /[+-]\d{2}:\d{2}$/.exec(text)
  return offset ? `UTC${offset[0]}` : 'UTC'
}

function meaningProblems(instance: ReleaseInstance): readonly string[] {
  const { product, staging, pickUpAt, temperFrom } = instance
  const needed =
    product.model === 'slab'
      ? (['thicknessMm', 'conductivityWmK', 'densityKgM3'] as const)
      : (['massKg', 'areaM2'] as const)
  return [
    ...needed.flatMap((name) =>
      product[name] === undefined ? [`product lacks ${name}, which a ${product.model} needs.`] : [],
    ),
    ...[...staging.map(({ at }) => at), pickUpAt, ...(temperFrom ? [temperFrom] : [])].flatMap(
      (text) => {
        try {
          fromRfc3339(text)
          return []
        } catch (error) {
          return [errorMessage(error)]
        }
      },
    ),
  ]
}
