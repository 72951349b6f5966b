import { hourMs } from '../../domain/index.ts'
import type { History } from '../forecaster.ts'

/** Without the whole days at its start in which no series knows anything; only for histories without known inputs. */
export function trimHistory(history: History): History {
  let first = history.hours
  for (const { value } of history.series) {
    const known = value.findIndex((amount) => !Number.isNaN(amount))
    if (known >= 0) first = Math.min(first, known)
  }
  const drop = 24 * Math.floor(first / 24)
  return {
    ...history,
    from: history.from + drop * hourMs,
    hours: history.hours - drop,
    series: history.series.map((series) => ({
      ...series,
      value: series.value.subarray(drop),
      outMinutes: series.outMinutes.subarray(drop),
    })),
  }
}
