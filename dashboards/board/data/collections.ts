import type {
  ChangeEvent,
  CollectionName,
  Collections,
  DeviceView,
  ForecastView,
  StockView,
} from './wire.ts'

export const emptyCollections: Collections = {
  sites: new Map(),
  products: new Map(),
  stock: new Map(),
  forecasts: new Map(),
  transfers: new Map(),
  slots: new Map(),
  devices: new Map(),
  alarms: new Map(),
}

export const collectionNames = Object.keys(emptyCollections) as readonly CollectionName[]

export function stockKey(site: string, product: string): string {
  return `${site}.${product}`
}

/** Key under which an item is kept. A forecast is kept by its series, so that a newer origin takes the place of an older. */
export function keyOf(name: CollectionName, item: unknown): string {
  if (name === 'stock') {
    const stock = item as StockView
    return stockKey(stock.site, stock.product)
  }
  if (name === 'devices') {
    const device = item as DeviceView
    return `${device.site}.${device.device}`
  }
  if (name === 'forecasts') return forecastSeries(item as ForecastView)
  return (item as { id: string }).id
}

export function forecastSeries(forecast: ForecastView): string {
  return `${forecast.target}.${forecast.site}.${forecast.product ?? forecast.device ?? 'all'}`
}

function isNewer(name: CollectionName, item: unknown, kept: unknown): boolean {
  if (name !== 'forecasts' || kept === undefined) return true
  return Date.parse((item as ForecastView).origin) >= Date.parse((kept as ForecastView).origin)
}

export function indexItems(
  name: CollectionName,
  items: readonly unknown[],
): ReadonlyMap<string, unknown> {
  const index = new Map<string, unknown>()
  for (const item of items) {
    const key = keyOf(name, item)
    if (isNewer(name, item, index.get(key))) index.set(key, item)
  }
  return index
}

function isCollection(resource: string): resource is CollectionName {
  return (collectionNames as readonly string[]).includes(resource)
}

/** The collections after a run of changes, oldest first; what no change touched is the same object as before. */
export function applyChanges(
  collections: Collections,
  changes: readonly ChangeEvent[],
): Collections {
  const touched: Partial<Record<CollectionName, Map<string, unknown>>> = {}
  for (const change of changes) {
    const name = change.resource
    if (!isCollection(name)) continue
    const index = (touched[name] ??= new Map<string, unknown>(collections[name]))
    if (change.state === 'deleted') index.delete(change.id)
    else if (change.item !== undefined && change.item !== null) {
      const key = keyOf(name, change.item)
      if (isNewer(name, change.item, index.get(key))) index.set(key, change.item)
    }
  }
  return { ...collections, ...touched } as Collections
}
