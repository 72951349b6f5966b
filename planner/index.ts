/**
 * Decisions: which units move between sites, how many baskets a slot can take, when cold goods may leave the cold. Takes
 * forecasts as distributions and the stock as it stands, gives decisions into the operations store, and promises that each
 * says why: its parts add up.
 */
export * from './availability.ts'
export * from './capacity/index.ts'
export * from './planner-worker.ts'
export * from './release/index.ts'
export type { PlannerDeps } from './stage/deps.ts'
export { startPlanner, type Planner } from './stage/start-planner.ts'
export * from './transfers/index.ts'
