import {
  dayMs,
  minuteMs,
  startOfDay,
  type Lane,
  type Planogram,
  type Product,
  type Site,
  type StockPosition,
} from '../domain/index.ts'

export interface AvailabilityTier {
  readonly tier: 'in-store' | 'within-the-hour' | 'today'
  readonly from: string
  /** What can be promised from there now. */
  readonly units: number
  /** Null in the store; else the 0.9 quantile of the arrival, rounded up to 15 minutes of the wall. */
  readonly etaAt: number | null
}

export interface Availability {
  readonly site: string
  readonly product: string
  readonly asOf: number
  /** Can be promised in the store at once; equals the stock position's `available`. */
  readonly available: number
  /** Nearest first; only sources that have all the units asked for. */
  readonly tiers: readonly AvailabilityTier[]
}

/** Picking and loading at the giver, 0.9 quantile. */
const readyMs = 10 * minuteMs
const shownStepMs = 15 * minuteMs

/** Where so many units of a product can come from, and when they are there nine times in ten. */
export function availability(view: {
  readonly site: Site
  readonly product: Pick<Product, 'id' | 'tempClass'>
  readonly units: number
  readonly now: number
  /** Of this product, at any site. */
  readonly stock: readonly StockPosition[]
  readonly lanes: readonly Lane[]
  readonly planograms: readonly Planogram[]
}): Availability {
  const { site, product, units, now } = view
  const positions = new Map(
    view.stock.filter((one) => one.product === product.id).map((one) => [one.site, one]),
  )
  const here = Math.floor(positions.get(site.id)?.available ?? 0)
  const endOfDay = startOfDay(startOfDay(now, site.timeZone) + 1.5 * dayMs, site.timeZone)
  const bySource = new Map<string, AvailabilityTier>()
  for (const lane of view.lanes) {
    const position = positions.get(lane.from)
    if (lane.to !== site.id || !position || !lane.tempClasses.includes(product.tempClass)) continue
    const holdBack =
      view.planograms.find((one) => one.site === lane.from && one.product === product.id)
        ?.holdBackUnits ?? 0
    const free = Math.min(position.available, position.onHand - position.reserved - holdBack)
    const sendable = Math.max(0, Math.floor(Math.min(free, lane.capacityUnits)))
    const arrivesAt = now + readyMs + lane.minutesP90 * minuteMs
    const etaAt = Math.ceil(arrivesAt / shownStepMs) * shownStepMs
    const known = bySource.get(lane.from)
    if (sendable < units || etaAt > endOfDay || (known && known.etaAt! <= etaAt)) continue
    const tier = etaAt - now <= 60 * minuteMs ? 'within-the-hour' : 'today'
    bySource.set(lane.from, { tier, from: lane.from, units: sendable, etaAt })
  }
  const inStore: AvailabilityTier[] =
    here >= units ? [{ tier: 'in-store', from: site.id, units: here, etaAt: null }] : []
  return {
    site: site.id,
    product: product.id,
    asOf: positions.get(site.id)?.asOf ?? now,
    available: here,
    tiers: [...inStore, ...[...bySource.values()].sort((a, b) => a.etaAt! - b.etaAt!)],
  }
}
