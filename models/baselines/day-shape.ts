import type { History } from '../forecaster.ts'

export function groupSites(history: History): { groupOf: Int32Array; groups: number } {
  const numbers = new Map<string, number>()
  const groupOf = Int32Array.from(history.series, ({ site }) => {
    const known = numbers.get(site)
    if (known !== undefined) return known
    numbers.set(site, numbers.size)
    return numbers.size - 1
  })
  return { groupOf, groups: Math.max(1, numbers.size) }
}

/** Share of a day's sale in each hour: the series' own means, leaning on its store's shape. Sums to one. */
export function shareHours(
  into: Float32Array,
  s: number,
  sums: Float32Array,
  weights: Float32Array,
  groupShares: Float32Array,
  group: number,
  lean: number,
): void {
  const level = meanDay(sums, weights, groupShares.subarray(group * 24, group * 24 + 24), s, 0)
  let total = 0
  for (let h = 0; h < 24; h++) {
    const i = s * 24 + h
    const share = (sums[i]! + lean * level * groupShares[group * 24 + h]!) / (weights[i]! + lean)
    into[i] = share
    total += share
  }
  for (let h = 0; h < 24; h++) {
    into[s * 24 + h] = total > 0 ? into[s * 24 + h]! / total : groupShares[group * 24 + h]!
  }
}

/** What a whole day sells on average, from the hours seen. */
export function meanDay(
  sums: Float32Array,
  weights: Float32Array,
  shares: Float32Array,
  s: number,
  sharesAt = s * 24,
): number {
  let amount = 0
  let exposure = 0
  for (let h = 0; h < 24; h++) {
    amount += sums[s * 24 + h]!
    exposure += weights[s * 24 + h]! * shares[sharesAt + h]!
  }
  return exposure > 0 ? amount / exposure : 0
}

/** By store and block: how its weekday sells against the mean of its days. */
export function measureWeekdays(
  history: History,
  scope: {
    readonly origin: number
    readonly first: number
    readonly days: number
    readonly groupOf: Int32Array
    readonly groups: number
    readonly weekdayWeeks: number
  },
): Float32Array {
  const { origin, first, days, groupOf, groups, weekdayWeeks } = scope
  const blockSums = new Float64Array(groups * days)
  const blockHours = new Float64Array(groups * days)
  history.series.forEach(({ value, outMinutes }, s) => {
    const end = Math.min(origin, value.length)
    const into = groupOf[s]! * days
    for (let hour = Math.max(0, first); hour < end; hour++) {
      const amount = value[hour]!
      if (amount !== amount || outMinutes[hour] !== 0) continue
      const day = Math.floor((hour - first) / 24)
      blockSums[into + day]! += amount
      blockHours[into + day]!++
    }
  })
  const factors = new Float32Array(groups * (days + 1)).fill(1)
  for (let g = 0; g < groups; g++) {
    const sum = new Float64Array(7)
    const weeks = new Float64Array(7)
    let total = 0
    let seen = 0
    for (let day = 0; day < days; day++) {
      const hours = blockHours[g * days + day]!
      if (hours === 0) continue
      const rate = blockSums[g * days + day]! / hours
      sum[day % 7]! += rate
      weeks[day % 7]!++
      total += rate
      seen++
    }
    const mean = seen > 0 ? total / seen : 0
    if (mean <= 0) continue
    for (let day = 0; day <= days; day++) {
      const k = day % 7
      const factor = (sum[k]! / mean + weekdayWeeks) / (weeks[k]! + weekdayWeeks)
      factors[g * (days + 1) + day] = factor
    }
  }
  return factors
}
