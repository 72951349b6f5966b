import { dayMs, hourMs, LarderError, minuteMs } from '../../domain/index.ts'
import type { RecordedSeries } from './fresh-retail.ts'
import { passersPerVisitor, type Pedestrians } from './pedestrians.ts'
import type { Recordings } from './recorded.ts'

/** Where in each recording a city time lies: shifted by whole weeks, so that weekdays and hours stay, and looped by whole weeks at the end. */
export interface Timeline {
  /** Hour of the sales recording. */
  hourOf(at: number): number
  /** Pieces on the shelf when an hour begins. */
  levelAt(series: Pick<RecordedSeries, 'pieces' | 'empty'>, hour: number): number
  /** Visitors of a store in the hour from `at` on. */
  visitorsAt(store: number, at: number): number
  /** Moment of the cold logs' day: each store a little further on, so that they are not one. */
  coldTime(store: number, at: number): number
}

const week = 168
/** On the shelf at midnight of a day that did not run out: sold on the next. */
const spareUnits = 4

export function createTimeline(
  recordings: Recordings,
  startAt: number,
  historyDays: number,
  offsetMs: number,
): Timeline {
  const { sales, footfall } = recordings
  const needed = (historyDays + 7) * 24
  if (sales.hours < needed)
    throw new LarderError(
      'RT_FILE_UNREADABLE',
      `The recording has ${sales.hours / 24} days; replay needs ${needed / 24} (${historyDays} of history and a week to run). Lower city.historyDays.`,
    )
  const localHour = (at: number): number => Math.floor((at + offsetMs) / hourMs)
  const startHour = Math.floor((startAt + offsetMs) / dayMs) * 24
  const shift = floorTo(startHour - sales.firstDay * 24 - historyDays * 24, week)
  const salesPeriod = floorTo(sales.hours, week)

  return {
    hourOf(at) {
      const hour = localHour(at) - shift - sales.firstDay * 24
      return hour < sales.hours
        ? hour
        : hour - floorTo(hour - sales.hours, salesPeriod) - salesPeriod
    },
    levelAt({ pieces, empty }, hour) {
      let units = 0
      for (let next = hour; ; next++) {
        units += pieces[next] ?? 0
        if (empty[next] === 1) return units
        if (next % 24 === 23) return units + spareUnits
        // An hour that is not marked empty ends with something on the shelf.
        if (empty[next + 1] === 1 && (pieces[next + 1] ?? 0) === 0) return units + 1
      }
    },
    visitorsAt: (store, at) => (footfall ? visitors(footfall, store, localHour(at)) : 0),
    coldTime: (store, at) => at + offsetMs + store * 37 * minuteMs,
  }
}

function visitors({ sensors, firstDay }: Pedestrians, store: number, localHour: number): number {
  const counts = sensors[store % sensors.length]
  if (!counts) return 0
  const ahead = localHour - firstDay * 24
  const period = floorTo(counts.length, week)
  const hour = ((ahead % period) + period) % period
  const ofDay = hour % 24
  // The store is shut at night, whoever passes.
  return ofDay < 6 || ofDay >= 23 ? 0 : Math.round((counts[hour] ?? 0) / passersPerVisitor)
}

function floorTo(value: number, step: number): number {
  return Math.floor(value / step) * step
}
