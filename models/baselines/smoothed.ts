import { hourMs, quantileLevels } from '../../domain/index.ts'
import { emptyBatch, hasKnownHour } from '../forecast-batch.ts'
import type { ForecastBatch, History } from '../forecaster.ts'
import { groupSites, meanDay, measureWeekdays, shareHours } from './day-shape.ts'
import { createHourSpread, type HourSpread } from './hour-spread.ts'
import { quantileOfSorted } from './quantile.ts'

const levels = quantileLevels.length
/** Days that are looked back on. */
const pastDays = 28

/** Chosen on origins before 12 June 2024 of the public retail data (docs/forecasting.md). */
export interface SmoothingSettings {
  /** Weight of the newest day in the level; a whole day in stock. */
  readonly newest: number
  /** Weight of the newest day in what all series of a store have in common. */
  readonly storeNewest: number
  /** Days of its own after which an hour's share is half its own and half that of its store. */
  readonly shareDays: number
  /** Windows of its own after which a series' spread is half its own and half that of its like. */
  readonly spreadWindows: number
  /** Weeks after which a weekday of a store counts half. */
  readonly weekdayWeeks: number
}

export const smoothingSettings: SmoothingSettings = {
  newest: 0.12,
  storeNewest: 0.2,
  shareDays: 20,
  spreadWindows: 12,
  weekdayWeeks: 5,
}

/** Series of like demand share the shape of their errors: so many classes. */
const likeClasses = 12
/** The hours of so many series tell how hours spread. */
const seriesForHours = 2_000

/**
 * Exponential smoothing of the daily rate, zeros included (Teunter, Syntetos & Babai 2011 for intermittent demand), taken
 * against the hours in which a series was in stock; spread over the day by its own hourly shares, leaning on its store's, and
 * over the week by its store's weekdays. Quantiles are those of the past errors of like series, each in units of the series'
 * own spread: locally weighted conformal prediction (Lei et al. 2018, section 5.2); those of an hour are multiples of its mean.
 */
export function smoothed(
  history: History,
  originAt: number,
  settings: SmoothingSettings = smoothingSettings,
): ForecastBatch {
  const origin = Math.round((originAt - history.from) / hourMs)
  const count = history.series.length
  const batch = emptyBatch(originAt, count)
  const { groupOf, groups } = groupSites(history)
  const days = Math.max(1, Math.min(pastDays, Math.ceil(origin / 24)))

  // Blocks of 24 hours that end at the origin, the oldest first; hour h of a block is the h-th after the origin's hour of the day.
  const first = origin - 24 * days
  const sums = new Float32Array(count * 24)
  const weights = new Float32Array(count * 24)
  const groupSums = new Float64Array(groups * 24)
  const groupWeights = new Float64Array(groups * 24)
  for (let s = 0; s < count; s++) {
    const { value, outMinutes } = history.series[s]!
    const end = Math.min(origin, value.length)
    const into = groupOf[s]! * 24
    for (let hour = Math.max(0, first); hour < end; hour++) {
      const amount = value[hour]!
      if (amount !== amount || outMinutes[hour] !== 0) continue
      const place = (hour - first) % 24
      sums[s * 24 + place]! += amount
      weights[s * 24 + place]!++
      groupSums[into + place]! += amount
      groupWeights[into + place]!++
    }
  }
  const groupShares = new Float32Array(groups * 24)
  for (let g = 0; g < groups; g++) {
    let total = 0
    for (let h = 0; h < 24; h++) {
      const mean = groupSums[g * 24 + h]! / Math.max(1, groupWeights[g * 24 + h]!)
      groupShares[g * 24 + h] = mean
      total += mean
    }
    for (let h = 0; h < 24; h++) {
      groupShares[g * 24 + h] = total > 0 ? groupShares[g * 24 + h]! / total : 1 / 24
    }
  }
  const weekdays = measureWeekdays(history, { origin, first, days, groupOf, groups, ...settings })

  const shares = new Float32Array(count * 24)
  const dayLevels = new Float32Array(count)
  for (let s = 0; s < count; s++) {
    if (!hasKnownHour(history.series[s]!, originAt, history.from)) continue
    batch.answered[s] = 1
    shareHours(shares, s, sums, weights, groupShares, groupOf[s]!, settings.shareDays)
  }

  // Past windows: forecast with the level of their own day, and what came.
  const meanOf = new Float32Array(count)
  const errors = new Float32Array(count * days).fill(NaN)
  const spread = new Float32Array(count)
  const seen = new Uint8Array(count)
  const hourSpread = createHourSpread()
  const hoursOfEvery = Math.ceil(count / seriesForHours)
  for (let s = 0; s < count; s++) dayLevels[s] = meanDay(sums, weights, shares, s)
  const amounts = new Float32Array(count)
  const exposures = new Float32Array(count)
  const expected = new Float64Array(groups)
  const came = new Float64Array(groups)
  for (let day = 0; day < days; day++) {
    expected.fill(0)
    came.fill(0)
    for (let s = 0; s < count; s++) {
      if (batch.answered[s] === 0) continue
      const { value, outMinutes } = history.series[s]!
      const group = groupOf[s]!
      const weekday = weekdays[group * (days + 1) + day]!
      const level = dayLevels[s]!
      let [half, halfShare, halfHours, exposure, amount] = [0, 0, 0, 0, 0]
      for (let h = 0; h < 24; h++) {
        const hour = first + 24 * day + h
        const share = shares[s * 24 + h]! * weekday
        if (h < 12) halfShare += share
        const x = hour >= 0 && hour < value.length ? value[hour]! : NaN
        if (x !== x || outMinutes[hour] !== 0) continue
        exposure += share
        amount += x
        if (h < 12) {
          half += x
          halfHours++
          if (s % hoursOfEvery === 0 && level * share > 0) hourSpread.see(level * share, x)
        }
      }
      if (halfHours === 12) {
        const error = half - level * halfShare
        errors[s * days + day] = error
        spread[s]! += error * error
        seen[s]!++
      }
      amounts[s] = amount
      exposures[s] = exposure
      expected[group]! += level * exposure
      came[group]! += amount
    }
    if (day === 0) continue
    for (let s = 0; s < count; s++) {
      const exposure = exposures[s]!
      const level = dayLevels[s]!
      const group = groupOf[s]!
      const store = expected[group]! > 0 ? came[group]! / expected[group]! - 1 : 0
      // What was seen of a day weighs as much as it was of the day.
      const own = exposure > 0 ? amounts[s]! / exposure - level : 0
      dayLevels[s] = Math.max(
        0,
        level +
          settings.newest * Math.min(1, exposure) * (own - level * store) +
          settings.storeNewest * level * store,
      )
    }
  }
  for (let s = 0; s < count; s++) {
    const weekday = weekdays[groupOf[s]! * (days + 1) + days]!
    for (let h = 0; h < 12; h++) meanOf[s]! += dayLevels[s]! * shares[s * 24 + h]! * weekday
  }

  writeAnswers(batch, {
    ...{
      meanOf,
      errors,
      spread,
      seen,
      days,
      shares,
      weekdays,
      groupOf,
      dayLevels,
      hourSpread,
      settings,
    },
  })
  return batch
}

interface Draft {
  readonly meanOf: Float32Array
  readonly errors: Float32Array
  readonly spread: Float32Array
  readonly seen: Uint8Array
  readonly days: number
  readonly shares: Float32Array
  readonly weekdays: Float32Array
  readonly groupOf: Int32Array
  readonly dayLevels: Float32Array
  readonly hourSpread: HourSpread
  readonly settings: SmoothingSettings
}

function writeAnswers(batch: ForecastBatch, draft: Draft): void {
  const { meanOf, errors, spread, seen, days, settings } = draft
  const answered = [...batch.answered.keys()].filter((s) => batch.answered[s] === 1)
  const byMean = answered.sort((a, b) => meanOf[a]! - meanOf[b]!)
  const size = Math.max(1, Math.ceil(byMean.length / likeClasses))
  for (let start = 0; start < byMean.length; start += size) {
    const like = byMean.slice(start, start + size)
    // Variance of a window grows with its mean (Taylor 1961): the ratio is what like series share.
    let squares = 0
    let means = 0
    for (const s of like) {
      squares += spread[s]!
      means += seen[s]! * meanOf[s]!
    }
    const ratio = means > 0 ? squares / means : 1
    const scaled: number[] = []
    for (const s of like) {
      const prior = settings.spreadWindows
      const own = (spread[s]! + prior * ratio * meanOf[s]!) / (seen[s]! + prior)
      const deviation = Math.sqrt(own)
      spread[s] = deviation
      if (deviation <= 0) continue
      for (let day = 0; day < days; day++) {
        const error = errors[s * days + day]!
        if (error === error) scaled.push(error / deviation)
      }
    }
    const sorted = Float32Array.from(scaled).sort()
    const at = quantileLevels.map((p) => (sorted.length > 0 ? quantileOfSorted(sorted, p) : 0))
    for (const s of like) {
      batch.mean[s] = meanOf[s]!
      at.forEach((z, k) => {
        batch.quantiles[s * levels + k] = Math.max(0, meanOf[s]! + spread[s]! * z)
      })
      writeHours(batch, s, draft)
    }
  }
}

function writeHours(batch: ForecastBatch, s: number, draft: Draft): void {
  const { shares, weekdays, groupOf, days, dayLevels, hourSpread } = draft
  for (let j = 0; j < 12; j++) {
    const mean = dayLevels[s]! * shares[s * 24 + j]! * weekdays[groupOf[s]! * (days + 1) + days]!
    batch.hourMean[s * 12 + j] = mean
    if (mean <= 0) continue
    const first = (s * 12 + j) * levels
    hourSpread.around(mean).forEach((ratio, k) => (batch.hourQuantiles[first + k] = mean * ratio))
  }
}
