import { hourMs } from '../../domain/index.ts'
import type { History } from '../forecaster.ts'
import { epochHour, localCalendar, zoneOffsetHours } from '../history/local-time.ts'
import { categoryPlaces, contextInputNames, writeContextInputs } from './context-inputs.ts'
import { expectSales, type Expectation } from './expectation.ts'
import type { FeatureLayout } from './layout.ts'
import { measurePastDays } from './past-days.ts'
import { pooledInputNames, poolRatios } from './pooled-ratios.ts'
import { seriesInputNames, writeSeriesInputs } from './series-inputs.ts'

/** One row per series. */
export interface Inputs {
  readonly origin: number
  readonly width: number
  readonly rows: Float32Array
  readonly expectation: Expectation
}

export function inputNames(layout: FeatureLayout): readonly string[] {
  return [...seriesInputNames, ...pooledInputNames(layout), ...contextInputNames(layout)]
}

/** Everything a network may see at an origin (epoch ms, a full hour). Reads known inputs only from the origin on. */
export function buildInputs(history: History, originAt: number, layout: FeatureLayout): Inputs {
  const origin = Math.round((originAt - history.from) / hourMs)
  const localHourOf = localHours(history, originAt)
  const expectation = expectSales(history, origin, layout, localHourOf)
  const days = measurePastDays(history, origin, layout, expectation)
  const pooled = poolRatios(history, origin, layout, expectation, days, localHourOf)
  const placeOf = categoryPlaces(layout)
  const pooledWidth = pooledInputNames(layout).length
  const width = inputNames(layout).length
  const rows = new Float32Array(history.series.length * width)
  const offsets = zoneOffsets(history, originAt)
  for (let s = 0; s < history.series.length; s++) {
    const row = rows.subarray(s * width, (s + 1) * width)
    let at = writeSeriesInputs(row, 0, s, { history, origin, layout, expectation })
    for (let k = 0; k < pooledWidth; k++) row[at++] = pooled[s * pooledWidth + k]!
    writeContextInputs(row, at, s, {
      history,
      origin,
      epochHour: epochHour(originAt),
      offsetHours: offsets[s]!,
      layout,
      placeOf,
    })
  }
  return { origin, width, rows, expectation }
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
