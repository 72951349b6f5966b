import { minuteMs, type ThermalModel } from '../../domain/index.ts'
import { createWarming, surfaceCelsius, warmestCelsius, type AirStep } from './warming.ts'

export interface ReleaseQuestion {
  readonly thermal: ThermalModel
  readonly storedCelsius: number
  readonly limitCelsius: number
  /** In rising time, at least one. */
  readonly staging: readonly AirStep[]
  readonly pickUpAt: number
  readonly latenessMs: number
  readonly handlingMs: number
  /** Where it shall warm a little before: not released before this. */
  readonly temperFromAt: number | null
}

export interface ReleasePlan {
  readonly releaseNotBefore: number
  readonly releaseNotAfter: number
  /**
   * At the worst moment of release that the window allows: releaseNotBefore; where it is not feasible, at the best one there
   * is: releaseNotAfter.
   */
  readonly surfaceAtPickUp: number
  readonly surfaceAtLateness: number
  readonly biot: number
  readonly binding: 'limit' | 'handling' | 'none'
  readonly feasible: boolean
}

/** Out of the cold without control for 4 hours at most (FDA Food Code 3-501.19(B)): no window starts earlier. */
export const longestOutMs = 4 * 60 * minuteMs
const secondMs = 1000

/**
 * Not before: the earliest release after which the surface stays at or below the limit until the 0.9 quantile of the
 * customer's lateness. Not after: what handling needs. Whole seconds, towards the safe side.
 */
export function planRelease(question: ReleaseQuestion): ReleasePlan {
  const { storedCelsius, limitCelsius, staging, pickUpAt, latenessMs, handlingMs } = question
  const warming = createWarming(question.thermal)
  const lateAt = pickUpAt + latenessMs
  const notAfter = Math.floor((pickUpAt - handlingMs) / secondMs) * secondMs
  const staysCold = (releasedAt: number): boolean =>
    warmestCelsius(warming, storedCelsius, staging, releasedAt, lateAt) <= limitCelsius

  const earliest = ceilSecond(
    Math.min(Math.max(lateAt - longestOutMs, question.temperFromAt ?? -Infinity), notAfter),
  )
  const isFree = staysCold(earliest)
  const notBefore = isFree ? earliest : firstColdRelease(staysCold, earliest, lateAt)
  const feasible = notBefore <= notAfter && storedCelsius <= limitCelsius
  const releasedAt = feasible ? notBefore : notAfter
  const surfaceAt = (at: number): number =>
    surfaceCelsius(warming, storedCelsius, staging, releasedAt, at)
  return {
    releaseNotBefore: notBefore,
    releaseNotAfter: notAfter,
    surfaceAtPickUp: surfaceAt(pickUpAt),
    surfaceAtLateness: surfaceAt(lateAt),
    biot: warming.biot,
    binding: isFree ? 'none' : feasible ? 'limit' : 'handling',
    feasible,
  }
}

/** A later release is always colder at every moment until `lateAt`, as long as the air is no colder than the goods. */
function firstColdRelease(
  staysCold: (releasedAt: number) => boolean,
  earliest: number,
  lateAt: number,
): number {
  let warm = earliest
  let cold = ceilSecond(lateAt)
  while (cold - warm > secondMs) {
    const middle = ceilSecond((warm + cold) / 2)
    if (middle === cold) break
    if (staysCold(middle)) cold = middle
    else warm = middle
  }
  return cold
}

function ceilSecond(at: number): number {
  return Math.ceil(at / secondMs) * secondMs
}

/** What to do, for the person who reads the task. */
export function releaseWords(
  question: ReleaseQuestion,
  plan: ReleasePlan,
  time: (at: number) => string,
): string {
  const { limitCelsius, storedCelsius, latenessMs } = question
  const late = Math.round(latenessMs / minuteMs)
  const celsius = (value: number): string => `${value.toFixed(1)} °C`
  if (storedCelsius > limitCelsius)
    return `Do not release: it is stored at ${celsius(storedCelsius)}, above its limit of ${celsius(limitCelsius)}. Check the cold room and the goods first.`
  if (!plan.feasible)
    return `Keep it in the cold until the customer is there, or use an insulated tote: released at ${time(plan.releaseNotAfter)}, as handling needs, its surface reaches ${celsius(plan.surfaceAtLateness)} for a customer ${late} min late; the limit is ${celsius(limitCelsius)}.`
  const surface = `the surface is ${celsius(plan.surfaceAtPickUp)} at pick-up and ${celsius(plan.surfaceAtLateness)} for a customer ${late} min late; the limit is ${celsius(limitCelsius)}`
  return plan.binding === 'none'
    ? `Release between ${time(plan.releaseNotBefore)} and ${time(plan.releaseNotAfter)}: the limit does not bind, ${surface}.`
    : `Release between ${time(plan.releaseNotBefore)} and ${time(plan.releaseNotAfter)}: released at the earliest, ${surface}.`
}
