import type { Reading } from '../../domain/index.ts'

/** Why a reading can never be stored, in words; null where it can. */
export function findProblem({ value, at, receivedAt, seq, index }: Reading): string | null {
  if (!Number.isFinite(value)) return `The value ${value} is not a finite number.`
  if (!isTime(at) || !isTime(receivedAt)) return 'A time is not a whole number of milliseconds.'
  if (!Number.isSafeInteger(seq) || !Number.isSafeInteger(index))
    return 'seq or index is not a whole number.'
  return null
}

/** The latest time that a JavaScript date can say. */
const lastTime = 8.64e15

function isTime(at: number): boolean {
  return Number.isSafeInteger(at) && at >= 0 && at <= lastTime
}
