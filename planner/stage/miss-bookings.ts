import { LarderError, minuteMs } from '../../domain/index.ts'
import { listAll, type PlannerDeps } from './deps.ts'

/** Gives the stock back of bookings whose slot has been over for the grace, and nobody came. Answers how many. */
export async function missBookings({ operations, settings }: PlannerDeps, now: number) {
  const before = now - settings.missAfterMinutes * minuteMs
  const waiting = await listAll(operations, 'bookings', { status: 'booked', to: before })
  let missed = 0
  for (const { id } of waiting.filter(({ endAt }) => endAt <= before)) {
    try {
      await operations.moveBooking(id, 'miss', now)
      missed++
    } catch (error) {
      // Who came, or cancelled, since the list was read is no longer waited for.
      if (!(error instanceof LarderError && error.code === 'RT_WRONG_STATE')) throw error
    }
  }
  return missed
}
