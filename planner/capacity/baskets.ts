import type { Basket, Product } from '../../domain/index.ts'

/**
 * Staff-minutes of one basket: b0 + b1 x lines + b2 x units + b3 x temperature zones beyond the first, with an error that
 * multiplies. At 60 to 240 units an hour (untrained to practised pickers) a line of one unit takes 15 s to 1 min.
 */
const handOverMinutes = 1.5
const lineMinutes = 0.6
const unitMinutes = 0.1
const zoneMinutes = 0.5
/** P90 over P50: a log-normal error of 0.3. */
const p90Factor = 1.47

/** What a basket is planned with. A product nobody knows counts as an ambient one; `pickMinutes` replaces the minutes of a line. */
export function estimateBasketMinutes(
  basket: Basket,
  products: ReadonlyMap<string, Pick<Product, 'tempClass' | 'pickMinutes'>>,
): { readonly p50: number; readonly p90: number } {
  const zones = new Set<string>()
  let minutes = handOverMinutes
  for (const { product, units } of basket.lines) {
    const known = products.get(product)
    zones.add(known?.tempClass ?? 'ambient')
    minutes += (known?.pickMinutes ?? lineMinutes) + unitMinutes * units
  }
  minutes += zoneMinutes * Math.max(0, zones.size - 1)
  return { p50: minutes, p90: minutes * p90Factor }
}
