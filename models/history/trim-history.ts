import { hourMs } from '../../domain/index.ts'
import type { History, KnownInput } from '../forecaster.ts'

/** Without the whole days at its start in which no series knows anything. */
export function trimHistory(history: History): History {
  let first = history.hours
  for (const { value } of history.series) {
    const known = value.findIndex((amount) => !Number.isNaN(amount))
    if (known >= 0) first = Math.min(first, known)
  }
  const drop = 24 * Math.floor(first / 24)
  const trimmed = new Map<KnownInput, KnownInput>()
  return {
    ...history,
    from: history.from + drop * hourMs,
    hours: history.hours - drop,
    series: history.series.map((series) => ({
      ...series,
      value: series.value.subarray(drop),
      outMinutes: series.outMinutes.subarray(drop),
      known: Object.fromEntries(
        Object.entries(series.known).map(([name, input]) => [
          name,
          trimInput(input, drop, trimmed),
        ]),
      ),
    })),
  }
}

/** Series share inputs, and go on sharing them. Steps are of an hour or divide a day. */
function trimInput(
  input: KnownInput,
  drop: number,
  trimmed: Map<KnownInput, KnownInput>,
): KnownInput {
  const earlier = trimmed.get(input)
  if (earlier) return earlier
  const { hoursPerStep, values } = input
  const later = { hoursPerStep, values: values.subarray(drop / hoursPerStep) }
  trimmed.set(input, later)
  return later
}
