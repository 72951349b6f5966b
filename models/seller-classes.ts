import { hourMs } from '../domain/index.ts'
import { localHours } from './features/index.ts'
import type { History } from './forecaster.ts'

/** Days looked back on, and the fewest that tell a class. */
const longestDays = 28
const fewestDays = 7
/** Local hours of the day that count: 06:00 to 21:59. */
const firstHour = 6
const endHour = 22

/**
 * Which series sell more than the median one: amount an hour in stock over the 28 days before the first origin's day, hours
 * 06 to 21. The median is that of the series that have windows. With less than a week before it all of the history tells.
 */
export function splitSellers(
  history: History,
  firstOriginAt: number,
  windowSeries: Int32Array,
): readonly boolean[] {
  const origin = Math.round((firstOriginAt - history.from) / hourMs)
  const hourOf = localHours(history, firstOriginAt)
  const rates = history.series.map((series, s) => {
    const shift = hourOf(s)
    const midnight = origin - ((shift + origin) % 24)
    const isShort = midnight < fewestDays * 24
    const from = isShort ? 0 : Math.max(0, midnight - longestDays * 24)
    const until = Math.min(history.hours, isShort ? history.hours : midnight)
    let [sum, count] = [0, 0]
    for (let hour = from; hour < until; hour++) {
      const local = (shift + hour) % 24
      if (local < firstHour || local >= endHour || series.outMinutes[hour]! > 0) continue
      const value = series.value[hour]!
      if (Number.isNaN(value)) continue
      sum += value
      count++
    }
    return sum / Math.max(1, count)
  })
  const withWindows = [...new Set(windowSeries)].map((s) => rates[s]!).sort((a, b) => a - b)
  const half = withWindows.length / 2
  const median =
    withWindows.length === 0
      ? 0
      : (withWindows[Math.ceil(half) - 1]! + withWindows[Math.floor(half)]!) / 2
  return rates.map((rate) => rate > median)
}
