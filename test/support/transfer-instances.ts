import { createRandom } from '../../runtime/index.ts'
import type { TransferInstance } from '../../planner/index.ts'

/** A seeded small city: warehouses that have, stores that lack or have too much, lanes of which many do not pay. */
export function sampleTransferInstance(
  seed: number,
  size: { readonly warehouses: number; readonly stores: number; readonly products: number },
): TransferInstance {
  const random = createRandom(seed)
  const between = (low: number, high: number): number => low + (high - low) * random.next()
  const whole = (low: number, high: number): number => Math.floor(between(low, high + 1))
  const products = Array.from({ length: size.products }, (_, p) => ({
    id: `p${p}`,
    shortageCost: whole(4, 20),
    overageCost: whole(0, 3),
    tempClass: (['ambient', 'chilled', 'frozen'] as const)[whole(0, 2)]!,
  }))
  const sites = [
    ...Array.from({ length: size.warehouses }, (_, i) => ({
      id: `w${i}`,
      kind: 'warehouse' as const,
    })),
    ...Array.from({ length: size.stores }, (_, i) => ({ id: `s${i}`, kind: 'store' as const })),
  ]
  const stock: TransferInstance['stock'] = []
  const demand: TransferInstance['demand'] = []
  for (const { id: site, kind } of sites) {
    for (const { id: product } of products) {
      if (kind === 'warehouse') {
        stock.push({ site, product, units: whole(0, 25), holdBack: whole(0, 4) })
        continue
      }
      stock.push({ site, product, units: whole(0, 12), holdBack: whole(0, 2) })
      const mean = between(1, 10)
      if (random.next() < 0.5) demand.push({ site, product, pmf: poisson(mean, 24) })
      else {
        const spread = between(0.3, 0.8) * mean
        demand.push({
          site,
          product,
          quantiles: [0.1, 0.25, 0.5, 0.75, 0.9].map((p) => ({
            p,
            value: Math.max(0, mean + spread * Math.log(p / (1 - p)) * 0.6),
          })),
        })
      }
    }
  }
  const lanes: TransferInstance['lanes'] = []
  for (const from of sites) {
    for (const to of sites) {
      if (from === to || to.kind === 'warehouse' || random.next() < 0.25) continue
      lanes.push({
        from: from.id,
        to: to.id,
        minutesP50: 40,
        minutesP90: whole(50, 130),
        unitCost: whole(0, 3) / 2,
        tripCost: whole(5, 60),
        capacityUnits: whole(6, 40),
        tempClasses: random.next() < 0.6 ? ['ambient', 'chilled', 'frozen'] : ['ambient'],
      })
    }
  }
  return { products, sites, stock, demand, lanes, limits: { maxMinutesP90: 120 } }
}

/** Chances of 0 to `most` units, the tail added to the last. */
export function poisson(mean: number, most: number): number[] {
  const pmf: number[] = []
  let chance = Math.exp(-mean)
  for (let k = 0; k < most; k++) {
    pmf.push(chance)
    chance *= mean / (k + 1)
  }
  return [...pmf, Math.max(0, 1 - pmf.reduce((sum, one) => sum + one, 0))]
}
