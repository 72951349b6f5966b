import type { TransferReason } from '../../domain/index.ts'
import type { Plan } from './flow.ts'
import type { TransferInstance } from './instance.ts'
import type { Problem } from './problem.ts'

export interface PlannedTransfer {
  readonly from: string
  readonly to: string
  /** The lane's id where the instance gave one. */
  readonly lane?: string
  readonly product: string
  readonly units: number
  readonly saves: number
  readonly reason: TransferReason
}

/**
 * Each move with its part of the saving. What a site gains or loses on a product is shared by unit among the moves it takes
 * part in (first it gives, then it gets); a trip's cost is shared by what each product brings, so that none is said to lose
 * on a trip that pays.
 */
export function explainMoves(
  instance: TransferInstance,
  problem: Problem,
  plan: Plan,
): readonly PlannedTransfer[] {
  const moves = problem.products.flatMap((_, p) =>
    problem.lanes.flatMap((_, l) =>
      plan.flow[p]![l]! > 0 ? [{ p, l, units: plan.flow[p]![l]! }] : [],
    ),
  )
  const parts = moves.map(({ p, l, units }) => {
    const { from, to, unitCost } = problem.lanes[l]!
    const gets = plan.moved[p]![to]! + plan.given[p]![to]!
    const valueToReceiver =
      ((problem.cost(p, to, -plan.given[p]![to]!) - problem.cost(p, to, plan.moved[p]![to]!)) *
        units) /
      gets
    const lossToGiver =
      ((problem.cost(p, from, -plan.given[p]![from]!) - problem.cost(p, from, 0)) * units) /
      plan.given[p]![from]!
    const unitCosts = unitCost * units
    return {
      valueToReceiver,
      lossToGiver,
      unitCosts,
      brings: valueToReceiver - lossToGiver - unitCosts,
    }
  })

  return moves
    .map(({ p, l, units }, k): PlannedTransfer => {
      const lane = problem.lanes[l]!
      const part = parts[k]!
      const { valueToReceiver, lossToGiver, unitCosts, brings } = part
      const onTrip = parts.filter((_, other) => moves[other]!.l === l)
      const share = onTrip.every((other) => other.brings > 0)
        ? brings / onTrip.reduce((sum, other) => sum + other.brings, 0)
        : units / plan.load[l]!
      const tripCostShare = lane.tripCost * share
      const saves = valueToReceiver - lossToGiver - unitCosts - tripCostShare
      const given = instance.lanes[lane.index]!
      return {
        from: given.from,
        to: given.to,
        ...(given.id !== undefined && { lane: given.id }),
        product: problem.products[p]!,
        units,
        saves,
        reason: {
          valueToReceiver,
          lossToGiver,
          unitCosts,
          tripCostShare,
          words: inWords(problem, plan, p, l, { ...part, tripCostShare, saves }),
        },
      }
    })
    .sort(
      (a, b) =>
        compare(a.from, b.from) ||
        compare(a.to, b.to) ||
        b.saves - a.saves ||
        compare(a.product, b.product),
    )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function inWords(
  problem: Problem,
  plan: Plan,
  p: number,
  l: number,
  part: {
    readonly valueToReceiver: number
    readonly lossToGiver: number
    readonly unitCosts: number
    readonly tripCostShare: number
    readonly saves: number
  },
): string {
  const { from, to } = problem.lanes[l]!
  const product = problem.products[p]!
  const [giver, receiver] = [problem.sites[from]!, problem.sites[to]!]
  const had = problem.stock[p]![to]!
  const has = had + plan.moved[p]![to]!
  const demand = problem.demand[p]![to]
  const misses = demand
    ? ` and is expected to miss ${show(demand.shortage(had))} with ${show(had)} in stock, ${show(demand.shortage(has))} with ${show(has)}`
    : ''
  const loss =
    part.lossToGiver < 0
      ? `${giver} is better off by ${show(-part.lossToGiver)}`
      : `${giver} loses ${show(part.lossToGiver)}`
  return (
    `${receiver} expects a demand of ${show(demand?.mean ?? 0)} ${product}${misses}: worth ${show(part.valueToReceiver)}. ` +
    `${loss}; the units cost ${show(part.unitCosts)} and their part of the trip ${show(part.tripCostShare)}, so ${show(part.saves)} is saved.`
  )
}

function show(value: number): string {
  return String(Number(value.toFixed(2)))
}
