import type { Random } from '../../domain/index.ts'
import { copyPlan, emptyPlan, move, optimiseProduct, type FlowOptions, type Plan } from './flow.ts'
import type { Problem } from './problem.ts'

export interface SearchDeps {
  readonly random: Random
  /** Arcs that may still be looked at: the same on every machine, so that the same input gives the same plan. */
  readonly work: { left: number }
  /** True once the time limit is over; a stop for slow machines. */
  isOver(): boolean
}

const epsilon = 1e-7
const slopeRounds = 6
const restartsWithoutGain = 40

export function planCost(problem: Problem, plan: Plan): number {
  let cost = 0
  for (let p = 0; p < problem.products.length; p++)
    for (let i = 0; i < problem.sites.length; i++) cost += problem.cost(p, i, plan.moved[p]![i]!)
  for (const [l, lane] of problem.lanes.entries())
    if (plan.load[l]! > 0) cost += lane.unitCost * plan.load[l]! + lane.tripCost
  return cost
}

/**
 * Which trips to drive, and what goes on them. Three starts (trip costs spread over the load, every trip open, and trips opened
 * one by one by what their best load is worth), each improved by dropping, adding and exchanging trips,
 * then shaken and improved again until it stops paying. Never worse than doing nothing.
 */
export function searchPlan(problem: Problem, deps: SearchDeps): Plan {
  const search = createMoves(problem, deps)
  let best = emptyPlan(problem)
  let bestCost = planCost(problem, best)
  const consider = (plan: Plan): boolean => {
    const cost = planCost(problem, plan)
    if (cost >= bestCost - epsilon) return false
    best = copyPlan(plan)
    bestCost = cost
    return true
  }
  for (const start of [
    () => search.spreadTripCosts(),
    () => search.openAll(),
    () => search.openOneByOne(),
  ]) {
    if (deps.isOver() || deps.work.left <= 0) break
    const plan = start()
    consider(plan)
    consider(search.improve(plan))
  }
  for (let idle = 0; idle < restartsWithoutGain; idle++) {
    if (deps.isOver() || deps.work.left <= 0) break
    if (consider(search.improve(search.shake(best)))) idle = -1
  }
  return best
}

function createMoves(problem: Problem, deps: SearchDeps) {
  const lanes = problem.lanes
  const all = problem.products.map((_, p) => p)
  const trueCost = Float64Array.from(lanes, ({ unitCost }) => unitCost)
  const productsOn = lanes.map((_, l) => all.filter((p) => problem.lanesOf[p]!.includes(l)))
  const isOver = (): boolean => deps.work.left <= 0 || deps.isOver()

  const optimise = (plan: Plan, products: readonly number[], unitCost = trueCost): void => {
    const options: FlowOptions = { unitCost, isShared: true, work: deps.work }
    let dirty = new Set(products)
    for (let round = 0; round < 8 && dirty.size > 0 && !isOver(); round++) {
      const next = new Set<number>()
      for (const p of dirty) {
        const before = plan.load.slice()
        if (!optimiseProduct(problem, plan, p, options)) continue
        for (const [l, lane] of lanes.entries())
          if (plan.load[l] !== before[l] || plan.load[l] === lane.capacity)
            for (const other of productsOn[l]!) if (other !== p) next.add(other)
      }
      dirty = next
    }
    for (const l of lanes.keys()) if (plan.load[l] === 0) plan.open[l] = 0
  }
  /** Empties and shuts a lane; the products it carried. */
  const shut = (plan: Plan, l: number): readonly number[] => {
    const carried = all.filter((p) => plan.flow[p]![l]! > 0)
    for (const p of carried) move(problem, plan, p, l, -plan.flow[p]![l]!)
    plan.open[l] = 0
    return carried
  }
  const changed = (plan: Plan, toShut: readonly number[], toOpen: readonly number[]): Plan => {
    const next = copyPlan(plan)
    const products = new Set<number>()
    for (const l of toOpen) {
      next.open[l] = 1
      for (const p of productsOn[l]!) products.add(p)
    }
    for (const l of toShut) for (const p of shut(next, l)) products.add(p)
    optimise(
      next,
      [...products].sort((a, b) => a - b),
    )
    return next
  }
  const openLanes = (plan: Plan): number[] => [...lanes.keys()].filter((l) => plan.load[l]! > 0)
  const shutLanes = (plan: Plan): number[] => [...lanes.keys()].filter((l) => plan.load[l] === 0)

  const improve = (start: Plan): Plan => {
    let plan = start
    let cost = planCost(problem, plan)
    const take = (next: Plan): boolean => {
      const nextCost = planCost(problem, next)
      if (nextCost >= cost - epsilon) return false
      plan = next
      cost = nextCost
      return true
    }
    for (let didImprove = true; didImprove && !isOver();) {
      didImprove = false
      for (const l of openLanes(plan))
        if (!isOver() && plan.load[l]! > 0 && take(changed(plan, [l], []))) didImprove = true
      for (const l of shutLanes(plan))
        if (!isOver() && plan.load[l] === 0 && take(changed(plan, [], [l]))) didImprove = true
      if (didImprove) continue
      for (const l of openLanes(plan)) {
        for (const other of shutLanes(plan)) {
          if (isOver() || plan.load[l] === 0) break
          if (lanes[other]!.from !== lanes[l]!.from && lanes[other]!.to !== lanes[l]!.to) continue
          if (take(changed(plan, [l], [other]))) didImprove = true
        }
      }
    }
    return plan
  }

  return {
    improve,
    /** The trip whose best load is worth most beyond its costs, again and again; units that pay join trips that run anyway. */
    openOneByOne(): Plan {
      let plan = emptyPlan(problem)
      let cost = planCost(problem, plan)
      let candidates = shutLanes(plan)
      while (candidates.length > 0 && !isOver()) {
        let best: { plan: Plan; cost: number } | null = null
        const worthwhile: number[] = []
        for (const l of candidates) {
          if (plan.load[l]! > 0 || isOver()) continue
          const next = changed(plan, [], [l])
          const nextCost = planCost(problem, next)
          if (nextCost >= cost - epsilon) continue
          worthwhile.push(l)
          if (!best || nextCost < best.cost) best = { plan: next, cost: nextCost }
        }
        if (!best) break
        plan = best.plan
        cost = best.cost
        candidates = worthwhile
      }
      return plan
    },
    /** Slope scaling (Kim and Pardalos 1999): each lane's trip cost spread over what it carried the time before. */
    spreadTripCosts(): Plan {
      const perUnit = Float64Array.from(
        lanes,
        ({ unitCost, tripCost, capacity }) => unitCost + tripCost / capacity,
      )
      let best: Plan | null = null
      for (let round = 0; round < slopeRounds && !isOver(); round++) {
        const plan = emptyPlan(problem)
        plan.open.fill(1)
        optimise(plan, all, perUnit)
        for (const [l, lane] of lanes.entries())
          if (plan.load[l]! > 0) perUnit[l] = lane.unitCost + lane.tripCost / plan.load[l]!
        optimise(plan, all)
        if (!best || planCost(problem, plan) < planCost(problem, best)) best = plan
      }
      return best ?? emptyPlan(problem)
    },
    openAll(): Plan {
      const plan = emptyPlan(problem)
      plan.open.fill(1)
      optimise(plan, all)
      return plan
    },
    /** A few trips shut and a few opened at random. */
    shake(plan: Plan): Plan {
      const pick = (from: number[]): number[] => {
        const count = Math.min(from.length, 1 + Math.floor(deps.random.next() * 3))
        return Array.from(
          { length: count },
          () => from[Math.floor(deps.random.next() * from.length)]!,
        )
      }
      return changed(plan, pick(openLanes(plan)), pick(shutLanes(plan)))
    },
  }
}
