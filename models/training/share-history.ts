import type { History, SeriesHistory } from '../forecaster.ts'

/** The same history in memory that threads share: what lies there already is not copied. */
export function shareHistory(history: History): History {
  return { ...history, series: history.series.map(shareSeries) }
}

function shareSeries(series: SeriesHistory): SeriesHistory {
  return {
    ...series,
    value: shareFloats(series.value),
    outMinutes: isShared(series.outMinutes)
      ? series.outMinutes
      : copyTo(new Uint8Array(new SharedArrayBuffer(series.outMinutes.length)), series.outMinutes),
    known: Object.fromEntries(
      Object.entries(series.known).map(([name, input]) => [
        name,
        { ...input, values: shareFloats(input.values) },
      ]),
    ),
  }
}

function shareFloats(values: Float32Array): Float32Array {
  return isShared(values)
    ? values
    : copyTo(new Float32Array(new SharedArrayBuffer(values.length * 4)), values)
}

function isShared(values: Float32Array | Uint8Array): boolean {
  return values.buffer instanceof SharedArrayBuffer
}

function copyTo<T extends Float32Array | Uint8Array>(into: T, from: T): T {
  into.set(from)
  return into
}
