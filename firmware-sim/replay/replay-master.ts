import { restrictedGtin, type Lane, type Product } from '../../domain/index.ts'
import type { CityMaster, SiteLayout } from '../city/index.ts'
import type { FreshRetail } from './fresh-retail.ts'

export const replayZone = 'Asia/Shanghai'
export const siteName = (store: number): string => `frn-store-${store}`
export const productName = (product: number): string => `frn-${product}`

/**
 * What the data set does not say is assumed, and said: fresh goods in half-kilo packs, a lost sale costs 5 and a unit left over 0.6 of
 * the currency, neighbouring stores lie 25 minutes apart.
 */
export function replayMaster(recorded: FreshRetail): CityMaster {
  const { stores } = recorded
  const categories = new Map(
    stores.flatMap(({ series }) => series.map((one) => [one.product, one.category] as const)),
  )
  return {
    sites: stores.map(({ store }) => ({
      id: siteName(store),
      name: `FreshRetailNet store ${store}`,
      kind: 'store',
      timeZone: replayZone,
      opens: '06:00',
      closes: '23:00',
    })),
    products: [...categories].map(([product, category]) => replayProduct(product, category)),
    planograms: stores.flatMap(({ store, series }) =>
      series.map(({ product }, index) => ({
        id: `${siteName(store)}.${productName(product)}`,
        site: siteName(store),
        product: productName(product),
        device: `shelf-${String(index + 1).padStart(3, '0')}`,
        capacityUnits: 60,
        holdBackUnits: 1,
        unitGrams: 500,
      })),
    ),
    lanes: stores.flatMap(({ store: from }, index) =>
      [1, 2, 3].flatMap((step): readonly Lane[] => {
        const to = stores[(index + step) % stores.length]!.store
        return to === from || step >= stores.length ? [] : [lane(from, to)]
      }),
    ),
    staff: stores.map(({ store }) => ({
      id: `${siteName(store)}.day`,
      site: siteName(store),
      start: '06:00',
      end: '23:00',
      people: 2,
    })),
  }
}

function replayProduct(product: number, category: number): Product & { readonly gtin: string } {
  const id = productName(product)
  return {
    id,
    name: `FreshRetailNet product ${product}`,
    gtin: restrictedGtin(id),
    category: `frn-category-${category}`,
    tempClass: 'chilled',
    shortageCost: 500,
    overageCost: 60,
    pickMinutes: 0.8,
    storedCelsius: 4,
    limitCelsius: 8,
    thermal: {
      model: 'slab',
      thicknessMm: 50,
      conductivityWmK: 0.5,
      densityKgM3: 900,
      heatCapacityJkgK: 3800,
      filmWm2K: 8,
      massKg: 0.5,
      areaM2: 0.05,
    },
  }
}

function lane(from: number, to: number): Lane {
  return {
    id: `${siteName(from)}.${siteName(to)}`,
    from: siteName(from),
    to: siteName(to),
    minutesP50: 25,
    minutesP90: 40,
    unitCost: 20,
    tripCost: 700,
    capacityUnits: 60,
    tempClasses: ['ambient', 'chilled'],
  }
}

export function replayLayout(
  recorded: FreshRetail,
  has: { readonly footfall: boolean; readonly cold: readonly string[] },
): readonly SiteLayout[] {
  return recorded.stores.map(({ store }) => ({
    site: siteName(store),
    rooms: has.cold.map((room) => ({
      room,
      zone: room.startsWith('frozen') ? 'frozen' : 'chilled',
    })),
    doors: has.footfall ? 1 : 0,
    tills: 2,
  }))
}
