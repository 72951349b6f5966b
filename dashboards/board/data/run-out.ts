import { runOutChance, severityOf, type Severity } from '../../limits.ts'
import type { Collections, ForecastView, StockView } from './wire.ts'

export interface RunOut {
  readonly key: string
  readonly stock: StockView
  readonly forecast: ForecastView | null
  readonly median: number | null
  readonly p90: number | null
  /** Chance that the 12-hour total exceeds what is on hand; null without a forecast. */
  readonly chance: number | null
  /** Hours from the origin until the expected demand has used up what is on hand; null: not within the horizon. */
  readonly hoursLeft: number | null
  readonly severity: Severity
}

/** Value at a level, linear between the given quantiles; the outermost beyond them. */
export function quantileAt(quantiles: ForecastView['total']['quantiles'], p: number): number {
  let before = quantiles[0]
  if (before === undefined || p <= before.p) return before?.value ?? 0
  for (const next of quantiles) {
    if (next.p >= p) {
      const span = next.p - before.p
      return span <= 0
        ? next.value
        : before.value + ((next.value - before.value) * (p - before.p)) / span
    }
    before = next
  }
  return before.value
}

/** P(X > value), linear between the quantiles: at least 1 - the highest level only where the value is below it. */
export function chanceAbove(quantiles: ForecastView['total']['quantiles'], value: number): number {
  const first = quantiles[0]
  const last = quantiles[quantiles.length - 1]
  if (first === undefined || last === undefined) return 0
  if (value < first.value) return 1 - first.p * Math.max(0, value / first.value)
  if (value >= last.value) return 0
  let before = first
  for (const next of quantiles) {
    if (next.value > value) {
      const span = next.value - before.value
      const p = before.p + ((next.p - before.p) * (value - before.value)) / span
      return 1 - p
    }
    before = next
  }
  return 0
}

/** Means of hours add up (quantiles of hours do not), so the crossing is that of the expected demand. */
export function hoursUntilEmpty(hours: ForecastView['hours'], onHand: number): number | null {
  if (onHand <= 0) return 0
  let left = onHand
  for (const [index, hour] of hours.entries()) {
    if (hour.mean >= left) return index + left / hour.mean
    left -= hour.mean
  }
  return null
}

function judge(stock: StockView, chance: number | null): Severity {
  if (stock.onHand <= 0) return 'critical'
  return chance === null ? 'good' : severityOf(chance, runOutChance)
}

const order: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, good: 2 }

/** Stores' positions, what is empty or runs out soonest first. */
export function listRunOuts(collections: Collections): readonly RunOut[] {
  const rows: RunOut[] = []
  for (const [key, stock] of collections.stock) {
    if (collections.sites.get(stock.site)?.kind === 'warehouse') continue
    const forecast = collections.forecasts.get(`demand.${stock.site}.${stock.product}`) ?? null
    const quantiles = forecast?.total.quantiles ?? null
    const chance = quantiles === null ? null : chanceAbove(quantiles, stock.onHand)
    rows.push({
      key,
      stock,
      forecast,
      median: quantiles === null ? null : quantileAt(quantiles, 0.5),
      p90: quantiles === null ? null : quantileAt(quantiles, 0.9),
      chance,
      hoursLeft: stock.onHand <= 0 ? 0 : hoursUntilEmpty(forecast?.hours ?? [], stock.onHand),
      severity: judge(stock, chance),
    })
  }
  return rows.sort(
    (a, b) =>
      order[a.severity] - order[b.severity] ||
      (a.hoursLeft ?? 99) - (b.hoursLeft ?? 99) ||
      (b.chance ?? 0) - (a.chance ?? 0) ||
      (b.median ?? 0) - (a.median ?? 0) ||
      a.key.localeCompare(b.key),
  )
}

/** Keys of (site, product) that have a forecast, for the chart's two pickers. */
export function forecastPairs(collections: Collections): ReadonlyMap<string, readonly string[]> {
  const pairs = new Map<string, string[]>()
  for (const forecast of collections.forecasts.values()) {
    if (forecast.target !== 'demand' || forecast.product === null) continue
    const products = pairs.get(forecast.site) ?? []
    products.push(forecast.product)
    pairs.set(forecast.site, products)
  }
  for (const products of pairs.values()) products.sort()
  return pairs
}
