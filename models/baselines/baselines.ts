import { hourMs, quantileLevels } from '../../domain/index.ts'
import type { ForecastBatch, Forecaster, SeriesHistory } from '../forecaster.ts'
import { emptyBatch, hasKnownHour } from '../forecast-batch.ts'
import { quantileOfSorted } from './quantile.ts'
import { smoothed } from './smoothed.ts'

const levels = quantileLevels.length

type Asked = Parameters<Forecaster['forecast']>

export type BaselineName = 'naive-24h' | 'naive-168h' | 'mean-7d' | 'empirical-28d' | 'smoothed-28d'

/** What a network must beat. A series without a known hour is not answered. */
export const baselines: readonly (Forecaster & { readonly name: BaselineName })[] = [
  { name: 'naive-24h', forecast: (...asked) => repeat(1, ...asked) },
  { name: 'naive-168h', forecast: (...asked) => repeat(7, ...asked) },
  { name: 'mean-7d', forecast: average },
  { name: 'empirical-28d', forecast: sortPast },
  { name: 'smoothed-28d', forecast: (history, origin) => smoothed(history, origin) },
]

/** The same hours so many days ago, as they were; where unknown, of the nearest multiple before that. All quantiles are that one number. */
function repeat(days: number, ...asked: Asked): ForecastBatch {
  return perSeries(asked, (series, origin, write) => {
    let total = 0
    for (let j = 0; j < 12; j++) {
      const amount = lastKnown(series, origin + j, 24 * days) ?? lastKnown(series, origin + j, 24)
      total += amount ?? 0
      write.hour(j, amount ?? 0, () => amount ?? 0)
    }
    write.total(total, () => total)
  })
}

function lastKnown(series: SeriesHistory, hour: number, step: number): number | null {
  for (let back = hour - step; back >= 0; back -= step) {
    const value = series.value[back]
    if (value !== undefined && !Number.isNaN(value)) return value
  }
  return null
}

/** Mean of each hour over the last 7 days on which it was in stock, looking back 28 days at most. */
function average(...asked: Asked): ForecastBatch {
  return perSeries(asked, (series, origin, write) => {
    let total = 0
    for (let j = 0; j < 12; j++) {
      const past = inStockPast(series, origin, j).slice(0, 7)
      const mean = past.reduce((sum, value) => sum + value, 0) / Math.max(1, past.length)
      total += mean
      write.hour(j, mean, () => mean)
    }
    write.total(total, () => total)
  })
}

/**
 * Quantiles of the same 12 hours over the last 28 days, of windows that were in stock throughout; with fewer than four of
 * those, windows whose missing hours are filled with that hour's mean. Interpolated linearly (Hyndman & Fan 1996, type 7).
 */
function sortPast(...asked: Asked): ForecastBatch {
  return perSeries(asked, (series, origin, write) => {
    const hours = Array.from({ length: 12 }, (_, j) =>
      inStockPast(series, origin, j).sort((a, b) => a - b),
    )
    const means = hours.map(
      (past) => past.reduce((sum, value) => sum + value, 0) / Math.max(1, past.length),
    )
    const whole: number[] = []
    const filled: number[] = []
    for (let back = 24; back <= 28 * 24 && origin - back > -12; back += 24) {
      let sum = 0
      let seen = 0
      for (let j = 0; j < 12; j++) {
        const value = wholeHour(series, origin - back + j)
        sum += value ?? means[j]!
        if (value !== null) seen++
      }
      if (seen === 12) whole.push(sum)
      if (seen > 0) filled.push(sum)
    }
    const windows = (whole.length >= 4 ? whole : filled).sort((a, b) => a - b)
    const usual = means.reduce((sum, mean) => sum + mean, 0)
    const mean =
      windows.length > 0 ? windows.reduce((sum, value) => sum + value, 0) / windows.length : usual
    write.total(mean, (p) => (windows.length > 0 ? quantileOfSorted(windows, p) : usual))
    hours.forEach((past, j) => {
      write.hour(j, means[j]!, (p) => (past.length > 0 ? quantileOfSorted(past, p) : 0))
    })
  })
}

/** Amounts of that hour on past days on which it was wholly in stock, newest first. */
function inStockPast(series: SeriesHistory, origin: number, j: number): number[] {
  const past: number[] = []
  for (let back = 24; back <= 28 * 24; back += 24) {
    const value = wholeHour(series, origin - back + j)
    if (value !== null) past.push(value)
  }
  return past
}

function wholeHour(series: SeriesHistory, hour: number): number | null {
  const value = series.value[hour]
  return value === undefined || Number.isNaN(value) || series.outMinutes[hour]! > 0 ? null : value
}

interface Writer {
  total(mean: number, quantile: (p: number) => number): void
  hour(j: number, mean: number, quantile: (p: number) => number): void
}

function perSeries(
  [history, originAt, wanted]: Asked,
  answer: (series: SeriesHistory, origin: number, write: Writer) => void,
): ForecastBatch {
  const origin = Math.round((originAt - history.from) / hourMs)
  const batch = emptyBatch(originAt, history.series.length)
  history.series.forEach((series, s) => {
    if (wanted?.[s] === 0 || !hasKnownHour(series, originAt, history.from)) return
    batch.answered[s] = 1
    answer(series, origin, {
      total(mean, quantile) {
        batch.mean[s] = mean
        quantileLevels.forEach((p, k) => (batch.quantiles[s * levels + k] = quantile(p)))
      },
      hour(j, mean, quantile) {
        batch.hourMean[s * 12 + j] = mean
        quantileLevels.forEach(
          (p, k) => (batch.hourQuantiles[(s * 12 + j) * levels + k] = quantile(p)),
        )
      },
    })
  })
  return batch
}
