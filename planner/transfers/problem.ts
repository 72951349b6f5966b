import { demandFromPmf, demandFromQuantiles, type Demand } from '../demand.ts'
import type { TransferInstance } from './instance.ts'

export interface UsableLane {
  /** Place in the instance's list. */
  readonly index: number
  readonly from: number
  readonly to: number
  readonly unitCost: number
  readonly tripCost: number
  /** Whole units, over all products. */
  readonly capacity: number
}

/**
 * An instance by numbers: site i, product p, lane l. Only lanes that may be driven at all are in it.
 * `cost(p, i, moved)` is what it costs to leave (stock + moved) units of p at i.
 */
export interface Problem {
  readonly sites: readonly string[]
  readonly products: readonly string[]
  readonly lanes: readonly UsableLane[]
  /** Lanes each product may take. */
  readonly lanesOf: readonly (readonly number[])[]
  readonly stock: readonly Float64Array[]
  /** Whole units each site may give: what it has beyond its hold-back. */
  readonly givable: readonly Int32Array[]
  readonly demand: readonly (readonly (Demand | null)[])[]
  cost(product: number, site: number, moved: number): number
}

export function compileProblem(instance: TransferInstance): Problem {
  const siteAt = new Map(instance.sites.map(({ id }, i) => [id, i]))
  const productAt = new Map(instance.products.map(({ id }, p) => [id, p]))
  const siteCount = instance.sites.length
  const stock = instance.products.map(() => new Float64Array(siteCount))
  const givable = instance.products.map(() => new Int32Array(siteCount))
  const demand = instance.products.map(() => new Array<Demand | null>(siteCount).fill(null))

  for (const { site, product, units, holdBack = 0 } of instance.stock) {
    const [p, i] = [productAt.get(product)!, siteAt.get(site)!]
    stock[p]![i] = units
    givable[p]![i] = Math.max(0, Math.floor(units - holdBack))
  }
  for (const row of instance.demand) {
    demand[productAt.get(row.product)!]![siteAt.get(row.site)!] = row.pmf
      ? demandFromPmf(row.pmf)
      : demandFromQuantiles(row.quantiles!)
  }

  const longest = instance.limits?.maxMinutesP90 ?? Infinity
  const lanes: UsableLane[] = []
  const lanesOf = instance.products.map(() => [] as number[])
  for (const [index, lane] of instance.lanes.entries()) {
    const capacity = Math.floor(lane.capacityUnits)
    if (lane.minutesP90 > longest || capacity < 1 || lane.from === lane.to) continue
    for (const [p, { tempClass }] of instance.products.entries())
      if (lane.tempClasses.includes(tempClass)) lanesOf[p]!.push(lanes.length)
    lanes.push({
      index,
      from: siteAt.get(lane.from)!,
      to: siteAt.get(lane.to)!,
      unitCost: lane.unitCost,
      tripCost: lane.tripCost,
      capacity,
    })
  }

  // Index 2m for m units more, 2m - 1 for m fewer: a search asks for the same few again and again.
  const known = instance.products.map(() => instance.sites.map(() => [] as number[]))
  return {
    sites: instance.sites.map(({ id }) => id),
    products: instance.products.map(({ id }) => id),
    lanes,
    lanesOf,
    stock,
    givable,
    demand,
    cost(p, i, moved) {
      const here = demand[p]![i]
      if (!here) return 0
      const place = moved >= 0 ? 2 * moved : -2 * moved - 1
      const row = known[p]![i]!
      return (row[place] ??= leftCost(here, instance.products[p]!, stock[p]![i]! + moved))
    },
  }
}

/** shortageCost x E[(D - q)+] + overageCost x E[(q - D)+] */
export function leftCost(
  demand: Demand,
  product: { readonly shortageCost: number; readonly overageCost: number },
  units: number,
): number {
  return product.shortageCost * demand.shortage(units) + product.overageCost * demand.overage(units)
}
