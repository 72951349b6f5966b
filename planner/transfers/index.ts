/**
 * Which units move, by which trip. Takes an instance (costs, stock, demand distributions, lanes), gives a plan with a reason
 * per move that adds up, and promises: never worse than doing nothing, no giver below its hold-back, same input same plan.
 */
export { parseTransferInstance, type TransferInstance } from './instance.ts'
export { planTransfers, type TransferPlan } from './plan-transfers.ts'
export type { PlannedTransfer } from './reasons.ts'
