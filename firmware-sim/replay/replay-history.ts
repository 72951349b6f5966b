import { dayMs, hourMs } from '../../domain/index.ts'
import type { CityHistory, SiteLayout } from '../city/index.ts'
import type { Recordings } from './recorded.ts'
import type { RecordedSeries } from './fresh-retail.ts'
import type { Timeline } from './replay-timeline.ts'

/** An hour that ran out after some sales was empty for the rest of it: they are replayed in its first third. */
const emptyMinutes = { afterSales: 40, whole: 60 }

/** The days before `startAt` as the recordings tell them. */
export function replayHistory(deps: {
  readonly series: readonly (Pick<RecordedSeries, 'pieces' | 'empty'> & {
    readonly site: string
    readonly product: string
  })[]
  readonly layout: readonly SiteLayout[]
  readonly recordings: Recordings
  readonly timeline: Timeline
  readonly startAt: number
  readonly days: number
}): CityHistory {
  const { series, layout, recordings, timeline, startAt, days } = deps
  // The hour under way is told whole: its events begin with the next.
  const until = Math.ceil(startAt / hourMs) * hourMs
  function* hours(): Iterable<number> {
    for (let at = until - days * dayMs; at < until; at += hourMs) yield at
  }
  return {
    context: () => [],
    *sales() {
      for (const { site, product, pieces, empty } of series)
        for (const at of hours()) {
          const hour = timeline.hourOf(at)
          const units = pieces[hour] ?? 0
          const isEmpty = empty[hour] === 1
          const outOfStockMinutes = !isEmpty
            ? 0
            : units > 0
              ? emptyMinutes.afterSales
              : emptyMinutes.whole
          yield { site, product, at, units, outOfStockMinutes }
        }
    },
    *footfall() {
      if (!recordings.footfall) return
      for (const [store, { site }] of layout.entries())
        for (const at of hours()) {
          const count = timeline.visitorsAt(store, at)
          yield { site, at, in: count, out: count }
        }
    },
    *temperatures() {
      for (const [store, { site }] of layout.entries())
        for (const [room, log] of recordings.cold)
          for (const at of hours())
            yield {
              site,
              device: `probe-${room}`,
              at,
              celsius: log.at(timeline.coldTime(store, at)).celsius,
            }
    },
  }
}
