import { LarderError, type Clock, type ColdZone, type ResourceKind } from '../domain/index.ts'
import type { OperationsStore } from '../store/index.ts'

export interface KnownDevice {
  readonly isRegistered: boolean
  readonly zone: ColdZone | null
}

/** What ingest must know of master data and devices, held in memory and refreshed when operations says that it changed. */
export interface Catalogue {
  /** Before a batch: reads again what changed, and the devices named that are not known yet. */
  refresh(devices: readonly { readonly site: string; readonly device: string }[]): Promise<void>
  device(site: string, device: string): KnownDevice
  /** Product ids that the planogram puts before a shelf sensor. */
  shelfProducts(site: string, device: string): readonly string[]
  /** Shelf sensors of a site's product. */
  shelvesOf(site: string, product: string): readonly string[]
  /** Products of a site that have a shelf sensor. */
  watchedProducts(site: string): readonly string[]
  productByGtin(gtin: string): string | null
  gtinOf(product: string): string | null
  stop(): void
}

const masterKinds: readonly ResourceKind[] = ['planograms', 'products']
const changesAtOnce = 1000
/** A device that is not registered may be adopted at any moment; a zone may be corrected. */
const unregisteredForMs = 5_000
const registeredForMs = 60_000
const mostDevices = 100_000

export async function createCatalogue(
  operations: OperationsStore,
  wall: Clock,
): Promise<Catalogue> {
  let seen = (await operations.changes(0, 1)).newest
  let isStale = true
  let gtins = new Map<string, string>()
  let products = new Map<string, string>()
  let shelves = new Map<string, Map<string, string[]>>()
  let productsByShelf = new Map<string, string[]>()
  const devices = new Map<string, KnownDevice & { readonly until: number }>()
  let newest = seen
  const unsubscribe = operations.subscribe((number) => (newest = Math.max(newest, number)))

  async function readChanges(): Promise<void> {
    while (seen < newest) {
      const { changes, oldest } = await operations.changes(seen, changesAtOnce)
      if (changes.length === 0 || oldest > seen + 1) isStale = true
      for (const { resource } of changes) if (masterKinds.includes(resource)) isStale = true
      seen = changes.at(-1)?.number ?? newest
    }
  }

  async function readMaster(): Promise<void> {
    const [planograms, allProducts] = await Promise.all([
      operations.all('planograms'),
      operations.all('products'),
    ])
    products = new Map(allProducts.map(({ id, gtin }) => [gtin, id]))
    gtins = new Map(allProducts.map(({ id, gtin }) => [id, gtin]))
    shelves = new Map()
    productsByShelf = new Map()
    for (const { site, product, device } of planograms) {
      if (device === undefined) continue
      const ofSite = shelves.get(site) ?? new Map<string, string[]>()
      shelves.set(site, ofSite.set(product, [...(ofSite.get(product) ?? []), device]))
      const shelf = `${site}.${device}`
      productsByShelf.set(shelf, [...(productsByShelf.get(shelf) ?? []), product])
    }
    isStale = false
  }

  async function lookUp(site: string, device: string): Promise<void> {
    const id = `${site}.${device}`
    const found = await operations.get('devices', id).catch((error: unknown) => {
      if (error instanceof LarderError && error.code === 'RT_NOT_FOUND') return null
      throw error
    })
    const isRegistered = found !== null && found.status !== 'unregistered'
    if (devices.size >= mostDevices) devices.clear()
    devices.set(id, {
      isRegistered,
      zone: found?.zone ?? null,
      until: wall.now() + (isRegistered ? registeredForMs : unregisteredForMs),
    })
  }

  return {
    async refresh(named) {
      await readChanges()
      if (isStale) await readMaster()
      const now = wall.now()
      const unknown = new Map(
        named
          .filter(({ site, device }) => (devices.get(`${site}.${device}`)?.until ?? 0) <= now)
          .map((one) => [`${one.site}.${one.device}`, one]),
      )
      await Promise.all([...unknown.values()].map(({ site, device }) => lookUp(site, device)))
    },
    device: (site, device) =>
      devices.get(`${site}.${device}`) ?? { isRegistered: false, zone: null },
    shelfProducts: (site, device) => productsByShelf.get(`${site}.${device}`) ?? [],
    shelvesOf: (site, product) => shelves.get(site)?.get(product) ?? [],
    watchedProducts: (site) => [...(shelves.get(site)?.keys() ?? [])],
    productByGtin: (gtin) => products.get(gtin) ?? null,
    gtinOf: (product) => gtins.get(product) ?? null,
    stop: unsubscribe,
  }
}
