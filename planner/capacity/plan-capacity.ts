import { Type, type Static } from 'typebox'
import { errorMessage, fromRfc3339, minuteMs } from '../../domain/index.ts'
import { demandFromQuantiles, demandProblems } from '../demand.ts'
import { failOn, QuantileList, schemaProblems } from '../instance-problems.ts'
import { carryOver, expectedWait, sumP90, walkInReserve } from './slot-work.ts'

const amount = Type.Number({ minimum: 0 })

/** The file format of `larder plan capacity`. Unknown members are ignored. */
const CapacityInstance = Type.Object({
  slots: Type.Array(
    Type.Object({
      start: Type.String(),
      minutes: Type.Number({ exclusiveMinimum: 0 }),
      staff: amount,
    }),
  ),
  loadLimit: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
  walkInMinutes: Type.Optional(
    Type.Array(Type.Object({ start: Type.String(), quantiles: QuantileList })),
  ),
  walkInReserve: Type.Number({ minimum: 0, maximum: 1 }),
  baskets: Type.Array(
    Type.Object({
      id: Type.String({ minLength: 1 }),
      start: Type.String(),
      minutesP50: amount,
      minutesP90: amount,
    }),
  ),
})
type CapacityInstance = Static<typeof CapacityInstance>

export interface SlotAnswer {
  readonly start: string
  readonly minutes: number
  readonly staff: number
  /** staff x minutes x loadLimit */
  readonly capacityMinutes: number
  readonly walkInReserveMinutes: number
  readonly carriedOverMinutes: number
  /** Sum of minutesP50 of the accepted baskets. */
  readonly usedMinutes: number
  /** capacity - reserve - carried over - used, never below 0 */
  readonly remainingBookable: number
  readonly accepted: readonly { readonly id: string; readonly minutes: number }[]
  readonly refused: readonly {
    readonly id: string
    readonly minutes: number
    readonly reason: string
  }[]
  readonly expectedWaitMinutes: { readonly p50: number; readonly p90: number }
}

export interface CapacityAnswer {
  readonly slots: readonly SlotAnswer[]
  /** Baskets whose start lies in no slot. */
  readonly refused: readonly { readonly id: string; readonly reason: string }[]
}

/** Takes baskets in the order given, each into the slot its start lies in, as long as staff-minutes are left. */
export function answerCapacity(input: unknown): CapacityAnswer {
  const instance = parseCapacityInstance(input)
  const slots = instance.slots
    .map((slot) => {
      const startAt = fromRfc3339(slot.start)
      return { ...slot, startAt, endAt: startAt + slot.minutes * minuteMs }
    })
    .sort((a, b) => a.startAt - b.startAt)
  const walkIns = new Map(
    (instance.walkInMinutes ?? []).map(({ start, quantiles }) => [
      fromRfc3339(start),
      demandFromQuantiles(quantiles),
    ]),
  )
  const baskets = instance.baskets.map((basket) => ({ ...basket, at: fromRfc3339(basket.start) }))

  let carried = 0
  let carriedInto = -Infinity
  const answers = slots.map((slot): SlotAnswer => {
    const { startAt, endAt, minutes, staff, start } = slot
    const carriedOverMinutes = startAt === carriedInto ? carried : 0
    const walkIn = walkIns.get(startAt)
    const capacityMinutes = staff * minutes * instance.loadLimit
    const reserve = walkInReserve(
      walkIn ? walkIn.quantile(instance.walkInReserve) : null,
      capacityMinutes,
    )
    let free = capacityMinutes - reserve - carriedOverMinutes
    const accepted: CapacityInstance['baskets'] = []
    const refused: SlotAnswer['refused'][number][] = []
    for (const basket of baskets.filter(({ at }) => at >= startAt && at < endAt)) {
      if (basket.minutesP50 <= free + 1e-9) {
        accepted.push(basket)
        free -= basket.minutesP50
      } else {
        refused.push({
          id: basket.id,
          minutes: basket.minutesP50,
          reason: `It needs ${round(basket.minutesP50)} staff-minutes and ${round(Math.max(0, free))} of ${round(capacityMinutes)} are left: ${round(reserve)} are kept for walk-ins, ${round(carriedOverMinutes)} carried over, the rest booked.`,
        })
      }
    }
    const usedMinutes = accepted.reduce((sum, { minutesP50 }) => sum + minutesP50, 0)
    carried = carryOver(carriedOverMinutes, usedMinutes + reserve, staff * minutes)
    carriedInto = endAt
    return {
      start,
      minutes,
      staff,
      capacityMinutes,
      walkInReserveMinutes: reserve,
      carriedOverMinutes,
      usedMinutes,
      remainingBookable: Math.max(0, free),
      accepted: accepted.map(({ id, minutesP50 }) => ({ id, minutes: minutesP50 })),
      refused,
      expectedWaitMinutes: expectedWait(
        {
          carriedOver: carriedOverMinutes,
          basketsP50: usedMinutes,
          basketsP90: sumP90(accepted),
          walkInP50: walkIn?.quantile(0.5) ?? reserve,
          walkInP90: walkIn?.quantile(0.9) ?? reserve,
          serviceMinutes:
            accepted.length > 0 ? usedMinutes / accepted.length : defaultServiceMinutes,
        },
        staff,
        minutes,
      ),
    }
  })
  return {
    slots: answers,
    refused: baskets
      .filter(({ at }) => !slots.some(({ startAt, endAt }) => at >= startAt && at < endAt))
      .map(({ id, start }) => ({
        id,
        reason: `No slot covers ${start}. Ask for a time within one of the slots.`,
      })),
  }
}

/** Minutes of a walk-in's purchase where the slot has no basket to go by. */
const defaultServiceMinutes = 3

function round(value: number): number {
  return Number(value.toFixed(1))
}

function parseCapacityInstance(input: unknown): CapacityInstance {
  const problems = schemaProblems(CapacityInstance, input)
  if (problems.length === 0) problems.push(...meaningProblems(input as CapacityInstance))
  failOn('capacity instance', problems)
  return input as CapacityInstance
}

function meaningProblems(instance: CapacityInstance): readonly string[] {
  const walkIns = instance.walkInMinutes ?? []
  const problems = [...instance.slots, ...walkIns, ...instance.baskets].flatMap(({ start }) => {
    try {
      fromRfc3339(start)
      return []
    } catch (error) {
      return [errorMessage(error)]
    }
  })
  for (const [i, { quantiles }] of walkIns.entries())
    problems.push(...demandProblems(`walkInMinutes[${i}]`, { quantiles }))
  for (const [i, { minutesP50, minutesP90 }] of instance.baskets.entries())
    if (minutesP90 < minutesP50) problems.push(`baskets[${i}].minutesP90 is below its minutesP50.`)
  if (problems.length > 0) return problems
  const spans = instance.slots
    .map(({ start, minutes }) => ({ start, at: fromRfc3339(start), minutes }))
    .sort((a, b) => a.at - b.at)
  for (const [i, { start, at }] of spans.entries()) {
    const before = spans[i - 1]
    if (before && before.at + before.minutes * minuteMs > at)
      problems.push(`The slots at ${before.start} and ${start} overlap.`)
  }
  return problems
}
