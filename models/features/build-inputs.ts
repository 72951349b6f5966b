import { hourMs } from '../../domain/index.ts'
import type { History } from '../forecaster.ts'
import { epochHour, localCalendar, zoneOffsetHours } from '../history/local-time.ts'
import { categoryPlaces, contextInputNames, createContextInputs } from './context-inputs.ts'
import { dayKindInputNames, hasDayKinds, measureDayKinds } from './day-kinds.ts'
import { expectSales, type Expectation } from './expectation.ts'
import type { FeatureLayout } from './layout.ts'
import { pooledInputNames, poolRatios } from './pooled-ratios.ts'
import { placeIn, type Pool } from './pools.ts'
import { createSeriesInputs, seriesInputNames } from './series-inputs.ts'

/** The inputs of one origin: what concerns all series is measured, rows are written one by one as they are needed. */
export interface InputRows {
  readonly origin: number
  readonly width: number
  readonly expectation: Expectation
  /** Writes the row of series `s` into `width` places from `at` on. */
  readonly write: (s: number, into: Float32Array, at: number) => void
}

/** What can be told of a history once for all origins. */
export interface InputBuilder {
  readonly width: number
  /** Everything a network may see at an origin (epoch ms, a full hour). Reads known inputs only from the origin on. */
  at(originAt: number): InputRows
}

export function inputNames(layout: FeatureLayout): readonly string[] {
  return [
    ...seriesInputNames,
    ...dayKindInputNames(layout),
    ...pooledInputNames(layout),
    ...contextInputNames(layout),
  ]
}

export function createInputBuilder(history: History, layout: FeatureLayout): InputBuilder {
  const width = inputNames(layout).length
  const products = placeIn(history, 'product')
  const places = layout.pools.map((pool) => placeIn(history, pool as Pool))
  const categories = categoryPlaces(history, layout)

  return {
    width,
    at(originAt) {
      const origin = Math.round((originAt - history.from) / hourMs)
      const offsetHours = zoneOffsets(history, originAt)
      const hour = epochHour(originAt)
      const localHour = offsetHours.map((offset) => localCalendar(hour, offset).hour)
      const weekday = offsetHours.map((offset) => localCalendar(hour, offset).weekday)
      const expectation = expectSales(history, origin, layout, products, localHour)
      const writePooled = poolRatios(history, origin, layout, expectation, places, localHour)
      const writeDayKinds = hasDayKinds(layout)
        ? measureDayKinds(history, origin, expectation, { localHour, weekday })
        : null
      const writeSeries = createSeriesInputs(history, origin, layout, expectation)
      const writeContext = createContextInputs(history, origin, layout, {
        epochHour: hour,
        offsetHours,
        categories,
      })
      return {
        ...{ origin, width, expectation },
        write(s, into, at) {
          let next = writeSeries(into, at, s)
          if (writeDayKinds) next = writeDayKinds(into, next, s)
          writeContext(into, writePooled(into, next, s), s)
        },
      }
    },
  }
}

/** One row per series. */
export interface Inputs {
  readonly origin: number
  readonly width: number
  readonly rows: Float32Array
  readonly expectation: Expectation
}

/** All rows of an origin at once. */
export function buildInputs(history: History, originAt: number, layout: FeatureLayout): Inputs {
  const { write, ...inputs } = createInputBuilder(history, layout).at(originAt)
  const rows = new Float32Array(history.series.length * inputs.width)
  for (let s = 0; s < history.series.length; s++) write(s, rows, s * inputs.width)
  return { ...inputs, rows }
}

function zoneOffsets(history: History, at: number): Int8Array {
  const zones = new Map<string, number>()
  return Int8Array.from(history.series, ({ timeZone }) => {
    const offset = zones.get(timeZone) ?? zoneOffsetHours(timeZone, at)
    zones.set(timeZone, offset)
    return offset
  })
}

/** Local hour of day of each series at the first hour of the history, by the clock that rules at `at`. */
export function localHours(history: History, at: number): (series: number) => number {
  const offsets = zoneOffsets(history, at)
  const start = epochHour(history.from)
  return (s) => localCalendar(start, offsets[s]!).hour
}
