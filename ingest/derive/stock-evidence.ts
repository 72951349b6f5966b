import type { Reading, StockEvidence } from '../../domain/index.ts'
import type { Catalogue } from '../catalogue.ts'
import type { PreparedMessage } from '../prepare-batch.ts'

/**
 * What shelves and tills say of stock. A product on several shelves of a site has the sum of what they last showed, and
 * nothing is said until each has; a shelf with several products says nothing, because its units are nobody's.
 */
export function createStockEvidence(catalogue: Catalogue): {
  of(messages: readonly PreparedMessage[]): readonly StockEvidence[]
} {
  const shelves = new Map<string, { readonly at: number; readonly units: number }>()

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
          if (reading.channel === 'units' && !message.isHistorical) {
            const evidence = fromShelf(reading)
            if (evidence) latest.set(`${evidence.site}.${evidence.product}`, evidence)
          } else if (reading.channel === 'sold') {
            const evidence = fromTill(reading)
            if (evidence) sales.push(evidence)
          }
        }
      }
      return [...sales, ...latest.values()]
    },
  }
}
