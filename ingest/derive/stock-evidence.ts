import type { Reading, StockEvidence } from '../../domain/index.ts'
import type { Catalogue } from '../catalogue.ts'
import type { PreparedMessage } from '../prepare-batch.ts'
import { shelfSteps, type ShelfSight } from './shelf-level.ts'

/** Of a scale that only weighs: a few minutes of one that speaks every ten seconds. */
const mostSights = 24

/**
 * What shelves and tills say of stock. A product on several shelves of a site has the sum of what they last showed, and
 * nothing is said until each has; a shelf with several products says nothing, because its units are nobody's.
 */
export function createStockEvidence(catalogue: Catalogue): {
  of(messages: readonly PreparedMessage[]): readonly StockEvidence[]
} {
  const shelves = new Map<string, { readonly at: number; readonly units: number }>()

  const scales = new Map<string, ShelfSight[]>()
  const tellsUnits = new Set<string>()

  function fromShelf({ site, device, at, value }: Reading): StockEvidence | null {
    const [product, ...others] = catalogue.shelfProducts(site, device)
    if (product === undefined || others.length > 0) return null
    const id = `${site}.${device}`
    if (at < (shelves.get(id)?.at ?? 0)) return null
    shelves.set(id, { at, units: value })
    const shown = catalogue.shelvesOf(site, product).map((shelf) => shelves.get(`${site}.${shelf}`))
    if (shown.includes(undefined)) return null
    const units = shown.reduce((sum, shelf) => sum + (shelf?.units ?? 0), 0)
    return { type: 'shelf', site, product, units, at }
  }

  /** A shelf that only weighs: its level by the mass of a unit, once it has stood still; null until then, and where units are told. */
  function fromScale(reading: Reading): StockEvidence | null {
    const { site, device, at, value } = reading
    const id = `${site}.${device}`
    const unitGrams = tellsUnits.has(id) ? null : catalogue.unitGrams(site, device)
    if (unitGrams === null) return null
    const sights = scales.get(id) ?? []
    if (at <= (sights.at(-1)?.at ?? 0)) return null
    sights.push({ at, units: value / unitGrams })
    if (sights.length > mostSights) sights.shift()
    scales.set(id, sights)
    const level = shelfSteps(sights).at(-1)
    return level ? fromShelf({ ...reading, value: level.units }) : null
  }

  function fromTill({
    site,
    device,
    gtin,
    at,
    value,
    boot,
    seq,
    index,
  }: Reading): StockEvidence | null {
    const product = gtin === null ? null : catalogue.productByGtin(gtin)
    if (product === null) return null
    const reference = `${site}/${device}/${boot}/${seq}/${index}`
    return { type: 'sale', site, product, units: value, at, reference }
  }

  return {
    of(messages) {
      const sales: StockEvidence[] = []
      const latest = new Map<string, StockEvidence>()
      for (const { message, readings } of messages) {
        for (const reading of readings) {
          if (reading.quality === 'unregistered') continue
          const { channel } = reading
          if ((channel === 'units' || channel === 'grams') && !message.isHistorical) {
            if (channel === 'units') tellsUnits.add(`${reading.site}.${reading.device}`)
            const evidence = channel === 'units' ? fromShelf(reading) : fromScale(reading)
            if (evidence) latest.set(`${evidence.site}.${evidence.product}`, evidence)
          } else if (channel === 'sold') {
            const evidence = fromTill(reading)
            if (evidence) sales.push(evidence)
          }
        }
      }
      return [...sales, ...latest.values()]
    },
  }
}
