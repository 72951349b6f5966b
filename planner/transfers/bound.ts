import { emptyPlan, optimiseProduct } from './flow.ts'
import type { Problem, UsableLane } from './problem.ts'

/**
 * No plan costs less: each product alone on the lanes (they share no capacity), and each lane's trip paid by the unit,
 * spread over the most it could ever carry. Both make it cheaper, and what is left is an exact flow problem.
 * Null where the work ran out.
 */
export function lowerBound(problem: Problem, work: { left: number }): number | null {
  const unitCost = Float64Array.from(problem.lanes, (lane, l) => {
    let most = 0
    for (let p = 0; p < problem.products.length; p++)
      if (problem.lanesOf[p]!.includes(l)) most += mostUnits(problem, p, lane)
    most = Math.min(most, lane.capacity)
    return most > 0 ? lane.unitCost + lane.tripCost / most : lane.unitCost
  })
  const plan = emptyPlan(problem)
  plan.open.fill(1)
  let bound = 0
  for (let p = 0; p < problem.products.length; p++) {
    optimiseProduct(problem, plan, p, { unitCost, isShared: false, work })
    if (work.left <= 0) return null
    for (let i = 0; i < problem.sites.length; i++) bound += problem.cost(p, i, plan.moved[p]![i]!)
    for (let l = 0; l < problem.lanes.length; l++) bound += unitCost[l]! * plan.flow[p]![l]!
  }
  return bound
}

/**
 * Some best plan carries no more of a product on a lane. Where the giver's own stock costs nothing, a unit beyond what the
 * receiver is best off with, all that it may pass on included, could as well stay.
 */
function mostUnits(problem: Problem, p: number, { from, to, capacity }: UsableLane): number {
  const givable = problem.givable[p]![from]!
  if (problem.demand[p]![from]) return givable
  const most = Math.min(givable, capacity)
  const least = -problem.givable[p]![to]!
  let useful = 0
  while (
    useful < most &&
    problem.cost(p, to, least + useful + 1) < problem.cost(p, to, least + useful)
  )
    useful++
  return useful
}
