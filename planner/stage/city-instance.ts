import {
  hourMs,
  type Forecast,
  type Lane,
  type Planogram,
  type Product,
  type Quantile,
  type Site,
  type StockPosition,
  type TempClass,
  type Transfer,
} from '../../domain/index.ts'
import { demandProblems } from '../demand.ts'
import type { TransferInstance } from '../transfers/index.ts'

export interface CityView {
  readonly now: number
  readonly sites: readonly Site[]
  readonly products: readonly Product[]
  readonly planograms: readonly Planogram[]
  readonly lanes: readonly Lane[]
  readonly stock: readonly StockPosition[]
  /** Newest demand forecast per site and product. */
  readonly forecasts: readonly Forecast[]
  /** Approved and not yet dispatched. What is on the road, the stock knows. */
  readonly approved: readonly Transfer[]
  readonly maxMinutesP90: number
}

export interface Trip {
  readonly lane: Lane
  readonly tempClass: TempClass
}

export interface CityInstance {
  readonly instance: TransferInstance
  /** By the instance's lane id: one trip is one vehicle of one temperature class. */
  readonly trips: ReadonlyMap<string, Trip>
  /** By `siteProduct`: the forecast each demand was read from. */
  readonly forecasts: ReadonlyMap<string, Forecast>
}

export function siteProduct(site: string, product: string): string {
  return `${site} ${product}`
}

/**
 * The city as a transfer instance. What approved transfers cover is counted as there, and as gone from the giver; what is only
 * proposed is planned again.
 */
export function buildCityInstance(view: CityView): CityInstance {
  const leaving = sumLeaving(view.approved)
  const holdBack = new Map(
    view.planograms.map(({ site, product, holdBackUnits }) => [
      siteProduct(site, product),
      holdBackUnits ?? 0,
    ]),
  )

  const known = new Set<string>()
  const products = new Set(view.products.map(({ id }) => id))
  const stock = view.stock
    .filter(({ product }) => products.has(product))
    .map((position) => {
      const key = siteProduct(position.site, position.product)
      known.add(key)
      const here = Math.max(0, position.onHand - position.reserved - (leaving.get(key) ?? 0))
      const coming = position.incoming
      return {
        site: position.site,
        product: position.product,
        units: here + coming,
        // What is on the road cannot be given away.
        holdBack: Math.max(holdBack.get(key) ?? 0, position.safety) + coming,
      }
    })

  const forecasts = new Map<string, Forecast>()
  const demand = view.forecasts.flatMap((forecast) => {
    if (forecast.product === null || !products.has(forecast.product)) return []
    const key = siteProduct(forecast.site, forecast.product)
    const quantiles = remainingQuantiles(forecast, view.now)
    if (!known.has(key) || !quantiles || demandProblems('', { quantiles }).length > 0) return []
    forecasts.set(key, forecast)
    return [{ site: forecast.site, product: forecast.product, quantiles: [...quantiles] }]
  })

  const trips = new Map<string, Trip>()
  const lanes = view.lanes.flatMap((lane) =>
    lane.tempClasses.map((tempClass) => {
      const id = `${lane.id}/${tempClass}`
      trips.set(id, { lane, tempClass })
      return { ...lane, id, tempClasses: [tempClass] }
    }),
  )
  return {
    instance: {
      products: view.products.map(({ id, shortageCost, overageCost, tempClass }) => ({
        ...{ id, shortageCost, overageCost, tempClass },
      })),
      sites: view.sites.map(({ id, kind }) => ({ id, kind })),
      stock,
      demand,
      lanes,
      limits: { maxMinutesP90: view.maxMinutesP90 },
    },
    trips,
    forecasts,
  }
}

function sumLeaving(transfers: readonly Transfer[]): ReadonlyMap<string, number> {
  const units = new Map<string, number>()
  for (const transfer of transfers) {
    for (const line of transfer.lines) {
      const key = siteProduct(transfer.from, line.product)
      units.set(key, (units.get(key) ?? 0) + line.units)
    }
  }
  return units
}

/** The 12-hour total, less the share of its mean that lies in hours already over; null where all is over. */
export function remainingQuantiles(forecast: Forecast, now: number): readonly Quantile[] | null {
  const passed = (now - forecast.origin) / hourMs
  let [all, left] = [0, 0]
  for (const [hour, { mean }] of forecast.hours.entries()) {
    all += mean
    left += mean * Math.min(1, Math.max(0, hour + 1 - passed))
  }
  if (passed >= forecast.horizonHours) return null
  const share = all > 0 ? left / all : 1 - Math.max(0, passed) / forecast.horizonHours
  return forecast.total.quantiles.map(({ p, value }) => ({ p, value: Math.max(0, value) * share }))
}
