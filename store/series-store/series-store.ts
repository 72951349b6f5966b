import type { Applied, Position, Quality, Reading } from '../../domain/index.ts'

/** What became of a reading: stored (or already there), rejected for good with a reason, or to be tried again. */
export type WriteOutcome =
  | { readonly status: 'stored' }
  | { readonly status: 'rejected'; readonly words: string }
  | { readonly status: 'retry'; readonly words: string }

export interface SeriesSelector {
  readonly site?: string | undefined
  readonly device?: string | undefined
  readonly channel?: string | undefined
  readonly gtin?: string | undefined
}

/**
 * Hourly values of one (site, gtin) or one (site, device, gtin) as typed arrays: entry i is the hour from + i.
 * `sum` is NaN where no reading came; `count` says how many did; `last` and `max` serve levels.
 */
export interface HourlySeries {
  readonly site: string
  /** Null where devices were added up. */
  readonly device: string | null
  readonly channel: string
  readonly gtin: string | null
  readonly from: number
  readonly sum: Float64Array
  readonly count: Uint32Array
  readonly min: Float64Array
  readonly max: Float64Array
  readonly last: Float64Array
}

/**
 * Readings as time series. Writing is idempotent: a level by (series, at), where the larger (boot, seq, payload) wins
 * whatever the order of arrival; a count by (series, boot, seq, index). The same reading again with quality `sequence` becomes
 * so and stays so: that its number was given twice is found out later. `applied` is kept in the same transaction as the rows.
 */
export interface SeriesStore {
  /** Per reading, in order, what became of it. With `applied`, its position becomes the group's (never moves back). */
  write(readings: readonly Reading[], applied?: Applied): Promise<readonly WriteOutcome[]>
  applied(group: string): Promise<ReadonlyMap<number, Position>>
  /** Readings with from <= at < to, by at, then series. */
  range(
    query: SeriesSelector & {
      readonly from: number
      readonly to: number
      readonly limit: number
      readonly after?: string | undefined
    },
  ): Promise<{
    readonly readings: readonly Reading[]
    /** Opaque; null at the end. */ readonly next: string | null
  }>
  /** The newest reading of each series that fits; with `receivedSince`, only of series written since, newest first. */
  latest(
    query: SeriesSelector & {
      readonly receivedSince?: number | undefined
      readonly limit?: number | undefined
    },
  ): Promise<readonly Reading[]>
  /** Hours [from, to) of every series that fits; `from` and `to` on full hours of UTC. */
  hourly(
    query: SeriesSelector & {
      readonly from: number
      readonly to: number
      readonly by: 'site' | 'device'
    },
  ): Promise<readonly HourlySeries[]>
  /** Per site: all that was received before this moment has been written. */
  watermarks(): Promise<ReadonlyMap<string, number>>
  stats(): Promise<{
    readonly series: number
    readonly readings: number
    readonly bytes: number
    readonly byQuality: Readonly<Record<Quality, number>>
  }>
  /** Drops readings older than `before`, and roll-ups by hour of the days before `rollupsBefore`; without it those stay. */
  prune(before: number, rollupsBefore?: number): Promise<{ readonly readings: number }>
  close(): Promise<void>
}
