import {
  LarderError,
  type Clock,
  type ColdZone,
  type Device,
  type DevicePath,
  type ResourceKind,
} from '../domain/index.ts'
import type { OperationsStore } from '../store/index.ts'

export interface KnownDevice {
  readonly isRegistered: boolean
  readonly zone: ColdZone | null
}

type Found = Pick<Device, 'site' | 'device' | 'status' | 'zone'>

/** What ingest must know of master data and devices, held in memory and refreshed when operations says that it changed. */
export interface Catalogue {
  /** Before a batch: reads again what changed, and the devices named that are not known yet. */
  refresh(devices: readonly DevicePath[]): Promise<void>
  device(site: string, device: string): KnownDevice
  /** Product ids that the planogram puts before a shelf sensor. */
  shelfProducts(site: string, device: string): readonly string[]
  /** Shelf sensors of a site's product. */
  shelvesOf(site: string, product: string): readonly string[]
  /** Mass of one unit before a shelf sensor, by its planogram; null where it does not say. */
  unitGrams(site: string, device: string): number | null
  /** Products of a site that have a shelf sensor. */
  watchedProducts(site: string): readonly string[]
  productByGtin(gtin: string): string | null
  gtinOf(product: string): string | null
  stop(): void
}

const masterKinds: readonly ResourceKind[] = ['planograms', 'products']
const changesAtOnce = 1000
/** Changes of devices are told; this is for those that are missed. */
const unregisteredForMs = 5_000
const registeredForMs = 600_000
const mostDevices = 100_000
/** Of more devices than this at once all are read: one by one they take four times as long. */
const mostLookUps = 100
const devicesAtOnce = 500

const unknownDevice: KnownDevice = { isRegistered: false, zone: null }
const none: readonly string[] = []

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
  let masses = new Map<string, number>()
  let watched = new Map<string, readonly string[]>()
  /** By site and name: a text put together from both for every message costs more than the rest of it. */
  const devices = new Map<string, Map<string, KnownDevice & { readonly until: number }>>()
  let knownDevices = 0
  let newest = seen
  const unsubscribe = operations.subscribe((number) => (newest = Math.max(newest, number)))

  async function readChanges(): Promise<void> {
    while (seen < newest) {
      const { changes, oldest } = await operations.changes(seen, changesAtOnce)
      if (changes.length === 0 || oldest > seen + 1) isStale = true
      for (const { resource, id } of changes) {
        if (masterKinds.includes(resource)) isStale = true
        if (resource === 'devices') forget(id)
      }
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
    masses = new Map()
    for (const { site, product, device, unitGrams } of planograms) {
      if (device === undefined) continue
      if (unitGrams !== undefined) masses.set(`${site}.${device}`, unitGrams)
      const ofSite = shelves.get(site) ?? new Map<string, string[]>()
      shelves.set(site, ofSite.set(product, [...(ofSite.get(product) ?? []), device]))
      const shelf = `${site}.${device}`
      productsByShelf.set(shelf, [...(productsByShelf.get(shelf) ?? []), product])
    }
    watched = new Map([...shelves].map(([site, ofSite]) => [site, [...ofSite.keys()]]))
    isStale = false
  }

  /** `id` is the resource's: a name has no dot. */
  function forget(id: string): void {
    const dot = id.indexOf('.')
    if (devices.get(id.slice(0, dot))?.delete(id.slice(dot + 1)) === true) knownDevices--
  }

  function keep(site: string, device: string, known: KnownDevice & { until: number }): void {
    if (knownDevices >= mostDevices) {
      devices.clear()
      knownDevices = 0
    }
    let ofSite = devices.get(site)
    if (!ofSite) {
      ofSite = new Map<string, KnownDevice & { readonly until: number }>()
      devices.set(site, ofSite)
    }
    if (!ofSite.has(device)) knownDevices++
    ofSite.set(device, known)
  }

  function learn(site: string, device: string, found: Found | null): void {
    const isRegistered = found !== null && found.status !== 'unregistered'
    keep(site, device, {
      isRegistered,
      zone: found?.zone ?? null,
      until: wall.now() + (isRegistered ? registeredForMs : unregisteredForMs),
    })
  }

  async function lookUp({ site, device }: DevicePath): Promise<void> {
    const found = await operations.get('devices', `${site}.${device}`).catch((error: unknown) => {
      if (error instanceof LarderError && error.code === 'RT_NOT_FOUND') return null
      throw error
    })
    learn(site, device, found)
  }

  async function readDevices(): Promise<ReadonlyMap<string, Found>> {
    const found = new Map<string, Found>()
    let cursor: string | undefined
    do {
      const page = await operations.list('devices', { limit: devicesAtOnce, cursor })
      for (const one of page.items) found.set(`${one.site}.${one.device}`, one)
      cursor = page.next ?? undefined
    } while (cursor !== undefined)
    return found
  }

  return {
    async refresh(named) {
      await readChanges()
      if (isStale) await readMaster()
      const now = wall.now()
      const unknown = new Map<string, DevicePath>()
      for (const one of named) {
        const known = devices.get(one.site)?.get(one.device)
        if (known === undefined || known.until <= now) unknown.set(`${one.site}.${one.device}`, one)
      }
      if (unknown.size <= mostLookUps) {
        await Promise.all([...unknown.values()].map(lookUp))
        return
      }
      const found = await readDevices()
      // The others come with one of the next batches.
      if (knownDevices + found.size <= mostDevices)
        for (const one of found.values()) learn(one.site, one.device, one)
      for (const [id, { site, device }] of unknown) learn(site, device, found.get(id) ?? null)
    },
    device: (site, device) => devices.get(site)?.get(device) ?? unknownDevice,
    shelfProducts: (site, device) => productsByShelf.get(`${site}.${device}`) ?? [],
    shelvesOf: (site, product) => shelves.get(site)?.get(product) ?? [],
    unitGrams: (site, device) => masses.get(`${site}.${device}`) ?? null,
    watchedProducts: (site) => watched.get(site) ?? none,
    productByGtin: (gtin) => products.get(gtin) ?? null,
    gtinOf: (product) => gtins.get(product) ?? null,
    stop: unsubscribe,
  }
}
