import { hourMs } from '../../domain/index.ts'
import type { HourlySeries } from '../../store/index.ts'

/** One derived number of an hour; `at` is its start. */
export interface HourlyValue {
  readonly channel: string
  readonly gtin: string | null
  readonly at: number
  readonly value: number
}

/** What is computed of each full hour of a site, from what the store has: the same again gives the same. */
export interface HourlyRule {
  /** Channels whose late readings change it. */
  readonly inputs: readonly string[]
  /** So many hours after its own a late reading may change. */
  readonly carriesHours: number
  /** Hours before that what comes after them may still change: they are computed once more. */
  readonly settlesHours: number
  /** `hours` rise; each is the start of one. `reopened` are those of them that late readings reach. */
  derive(
    site: string,
    hours: readonly number[],
    reopened: ReadonlySet<number>,
  ): Promise<readonly HourlyValue[]>
}

export function hourOf(at: number): number {
  return Math.floor(at / hourMs) * hourMs
}

/** The last value of the `hours` before an hour of the roll-up; null where none came. */
export function lastBefore(rolled: HourlySeries, hour: number, hours: number): number | null {
  const { last, count, from } = rolled
  const index = (hour - from) / hourMs
  for (let i = Math.min(index, count.length) - 1; i >= Math.max(0, index - hours); i--)
    if (count[i]! > 0) return last[i]!
  return null
}

/** Whether anything came in an hour or in the `hours` before it: by that and nothing else, so that any hour is computed alike. */
export function hasSpoken({ count, from }: HourlySeries, hour: number, hours: number): boolean {
  const index = (hour - from) / hourMs
  return count.subarray(Math.max(0, index - hours), index + 1).some((one) => one > 0)
}

/** Runs of hours that follow each other. */
export function* contiguous(hours: readonly number[]): Generator<readonly number[]> {
  let run: number[] = []
  for (const hour of hours) {
    if (run.length > 0 && hour !== run.at(-1)! + hourMs) {
      yield run
      run = []
    }
    run.push(hour)
  }
  if (run.length > 0) yield run
}
