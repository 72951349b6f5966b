/**
 * How much a slot can take. Takes staff, walk-in work as a distribution and baskets, all in staff-minutes, and promises that what
 * is booked never exceeds hands x minutes x load limit, and that walk-ins always keep a share.
 */
export { estimateBasketMinutes } from './baskets.ts'
export { answerCapacity, type CapacityAnswer, type SlotAnswer } from './plan-capacity.ts'
export { carryOver, walkInReserve } from './slot-work.ts'
