import { hourMs, quantileLevels, type Distribution } from '../domain/index.ts'
import type { ForecastBatch, SeriesHistory } from './forecaster.ts'

const levels = quantileLevels.length

export function emptyBatch(origin: number, series: number): ForecastBatch {
  return {
    origin,
    answered: new Uint8Array(series),
    mean: new Float32Array(series),
    quantiles: new Float32Array(series * levels),
    hourMean: new Float32Array(series * 12),
    hourQuantiles: new Float32Array(series * 12 * levels),
  }
}

/** Whether anything is known of a series before the origin; `from` is its history's first hour. */
export function hasKnownHour(series: SeriesHistory, originAt: number, from: number): boolean {
  const origin = Math.round((originAt - from) / hourMs)
  for (let hour = Math.min(origin, series.value.length) - 1; hour >= 0; hour--) {
    if (!Number.isNaN(series.value[hour]!)) return true
  }
  return false
}

export function totalOf(batch: ForecastBatch, s: number): Distribution {
  return distribution(batch.mean[s]!, batch.quantiles, s)
}

export function hourOf(batch: ForecastBatch, s: number, hour: number): Distribution {
  return distribution(batch.hourMean[s * 12 + hour]!, batch.hourQuantiles, s * 12 + hour)
}

function distribution(mean: number, quantiles: Float32Array, row: number): Distribution {
  return {
    mean: round(mean),
    quantiles: quantileLevels.map((p, k) => ({ p, value: round(quantiles[row * levels + k]!) })),
  }
}

/** Four decimals say all a forecast knows, and keep what is stored and sent short. */
function round(value: number): number {
  return Math.round(value * 1e4) / 1e4
}
