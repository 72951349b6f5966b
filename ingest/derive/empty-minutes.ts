import { hourMs, minuteMs } from '../../domain/index.ts'

/** Units that a shelf sensor saw from a moment on. */
export interface ShelfUnits {
  readonly device: string
  readonly at: number
  readonly units: number
}

/**
 * Minutes of the hour in which all shelves of a product were empty. `before` is what each shelf showed when the hour began;
 * a shelf that has shown nothing yet is taken as not empty.
 */
export function emptyMinutes(
  hourStart: number,
  shelves: readonly string[],
  before: ReadonlyMap<string, number>,
  during: readonly ShelfUnits[],
): number {
  const units = new Map(shelves.map((device) => [device, before.get(device) ?? 1]))
  let emptyMs = 0
  let since = hourStart
  const isEmpty = (): boolean => units.size > 0 && [...units.values()].every((left) => left <= 0)
  for (const { device, at, units: seen } of [...during].sort((a, b) => a.at - b.at)) {
    if (!units.has(device)) continue
    if (isEmpty()) emptyMs += at - since
    since = at
    units.set(device, seen)
  }
  if (isEmpty()) emptyMs += hourStart + hourMs - since
  return Math.round((emptyMs / minuteMs) * 100) / 100
}
