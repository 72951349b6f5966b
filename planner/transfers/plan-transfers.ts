import type { Clock } from '../../domain/index.ts'
import { createRandom } from '../../runtime/index.ts'
import { lowerBound } from './bound.ts'
import { explainMoves, type PlannedTransfer } from './reasons.ts'
import { parseTransferInstance } from './instance.ts'
import { compileProblem } from './problem.ts'
import { emptyPlan } from './flow.ts'
import { planCost, searchPlan } from './search.ts'

/** The answer of `larder plan transfers`. The sum of `saves` is costOfDoingNothing - cost. */
export interface TransferPlan {
  /** `optimal` only where the bound proves it. */
  readonly status: 'optimal' | 'heuristic'
  readonly cost: number
  readonly costOfDoingNothing: number
  /** No plan costs less; null where the time was too short to find one. */
  readonly bound: number | null
  /** (cost - bound) / cost */
  readonly gap: number | null
  readonly solver: string
  readonly seconds: number
  readonly transfers: readonly PlannedTransfer[]
}

const solver = 'larder-flow 1'
/** A fifth to a tenth of what an idle core does: the work, not the clock, ends the search, so that the answer does not depend on the machine. */
const arcsPerMs = 1000

/** The same instance and seed give the same plan. `clock` is the wall's. */
export function planTransfers(
  input: unknown,
  options: { readonly seed: number; readonly timeLimitMs: number; readonly clock: Clock },
): TransferPlan {
  const startedAt = options.clock.now()
  const instance = parseTransferInstance(input)
  const problem = compileProblem(instance)
  const arcs = options.timeLimitMs * arcsPerMs
  const bound = lowerBound(problem, { left: arcs })
  const plan = searchPlan(problem, {
    random: createRandom(options.seed),
    work: { left: arcs },
    isOver: () => options.clock.now() - startedAt >= options.timeLimitMs,
  })
  const cost = planCost(problem, plan)
  const gap = bound === null ? null : Math.max(0, cost - bound) / Math.max(cost, 1e-9)
  const isProven = gap !== null && gap < 1e-9
  return {
    status: isProven ? 'optimal' : 'heuristic',
    cost,
    costOfDoingNothing: planCost(problem, emptyPlan(problem)),
    bound: bound === null ? null : Math.min(bound, cost),
    gap: isProven ? 0 : gap,
    solver,
    seconds: (options.clock.now() - startedAt) / 1000,
    transfers: explainMoves(instance, problem, plan),
  }
}
