import type { ColdZone, Lane, Planogram, Random, Site, StaffShift } from '../../domain/index.ts'
import { spread, uniform } from './chance.ts'
import { catalogue, type CatalogueEntry } from './catalogue.ts'
import type { CityMaster, SiteLayout } from './city-event.ts'
import type { SiteCharacter } from './profiles.ts'

export interface CitySize {
  readonly stores: number
  readonly warehouses: number
  readonly products: number
  /** Cold rooms and zones of a store. */
  readonly rooms: Readonly<Record<ColdZone, number>>
  readonly doors: number
  readonly tills: number
}

export const citySizes = {
  full: {
    stores: 8,
    warehouses: 2,
    products: 40,
    rooms: { chilled: 5, frozen: 3, ambient: 2, staging: 2 },
    doors: 3,
    tills: 6,
  },
  small: {
    stores: 2,
    warehouses: 1,
    products: 6,
    rooms: { chilled: 1, frozen: 1, ambient: 0, staging: 1 },
    doors: 1,
    tills: 1,
  },
} as const satisfies Record<string, CitySize>

/** A store or a warehouse as it was built: nothing in it changes while the city runs. */
export interface SitePlan {
  readonly site: Site
  readonly layout: SiteLayout
  readonly character: SiteCharacter
  /** Visits on a mean day; 0 for a warehouse. */
  readonly visitsPerDay: number
  /** Chance by product that a visitor wants it at a mean hour. */
  readonly wants: readonly number[]
  /** How far the morning order misjudges each product, for ever: 1 is right. */
  readonly orderBias: readonly number[]
  /** Index of the warehouse that supplies a store; -1 for a warehouse. */
  readonly suppliedBy: number
}

export interface CityPlan {
  readonly timeZone: string
  readonly entries: readonly CatalogueEntry[]
  readonly sites: readonly SitePlan[]
  readonly master: CityMaster
}

/** Mean units of a sale line (1, and one more with chance 0.25, and so on). */
export const meanLineUnits = 1 / (1 - 0.25)
const meanLines = 3
const timeZone = 'Asia/Shanghai'
const places = [
  ["Jing'an Temple", 31.2235, 121.4453, 'office'],
  ['Zhongshan Park', 31.2186, 121.4167, 'residential'],
  ['Xujiahui', 31.1955, 121.4365, 'mixed'],
  ['Lujiazui', 31.2397, 121.4998, 'office'],
  ['Wujiaochang', 31.3006, 121.5143, 'residential'],
  ['Hongkou Stadium', 31.2724, 121.4786, 'residential'],
  ["People's Square", 31.2327, 121.4753, 'mixed'],
  ['Century Park', 31.2094, 121.5503, 'residential'],
] as const
const warehousePlaces = [
  ['Putuo', 31.2667, 121.38],
  ['Zhangjiang', 31.203, 121.6],
] as const

/** Everything that stands still: sites, products, who wants what, lanes, shifts, planograms. A function of the random source and size alone. */
export function planCity(random: Random, size: CitySize): CityPlan {
  const entries = catalogue(size.products)
  const sites = [
    ...range(size.stores).map((index) => planStore(index, size, entries, random)),
    ...range(size.warehouses).map((index) => planWarehouse(index, size, entries)),
  ]
  return {
    timeZone,
    entries,
    sites,
    master: {
      sites: sites.map(({ site }) => site),
      products: entries.map(({ product }) => product),
      planograms: sites.flatMap((plan) => planPlanograms(plan, entries, sites)),
      lanes: planLanes(sites.map(({ site }) => site)),
      staff: sites.flatMap(planShifts),
    },
  }
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index)
}

function planStore(
  index: number,
  size: CitySize,
  entries: readonly CatalogueEntry[],
  random: Random,
): SitePlan {
  const [name, latitude, longitude, character] = places[index % places.length]!
  const id = `store-${index + 1}`
  const taste = entries.map((entry) => entry.popularity * spread(random, 0.35))
  const lines = Math.min(meanLines, entries.length * 0.4)
  const sum = taste.reduce((total, value) => total + value, 0)
  return {
    site: {
      id,
      name,
      kind: 'store',
      timeZone,
      opens: '07:00',
      closes: '23:00',
      latitude,
      longitude,
    },
    layout: planLayout(id, size.rooms, size.doors, size.tills),
    character,
    visitsPerDay: Math.round(uniform(random, 220, 420)),
    wants: taste.map((value) => Math.min(0.6, (value / sum) * lines)),
    orderBias: entries.map(() => 1.08 * spread(random, 0.22)),
    suppliedBy: size.stores + (index % size.warehouses),
  }
}

function planWarehouse(
  index: number,
  size: CitySize,
  entries: readonly CatalogueEntry[],
): SitePlan {
  const [name, latitude, longitude] = warehousePlaces[index % warehousePlaces.length]!
  const id = `warehouse-${index + 1}`
  const { chilled, frozen } = size.rooms
  const rooms = { chilled, frozen: Math.max(1, frozen), ambient: 2, staging: 0 }
  return {
    site: { id, name: `${name} warehouse`, kind: 'warehouse', timeZone, latitude, longitude },
    layout: planLayout(id, rooms, 0, 0),
    character: 'mixed',
    visitsPerDay: 0,
    wants: entries.map(() => 0),
    orderBias: entries.map(() => 1),
    suppliedBy: -1,
  }
}

function planLayout(
  site: string,
  rooms: Readonly<Record<ColdZone, number>>,
  doors: number,
  tills: number,
): SiteLayout {
  const zones = Object.entries(rooms) as [ColdZone, number][]
  return {
    site,
    rooms: zones.flatMap(([zone, count]) =>
      range(count).map((index) => ({ room: `${zone}-${index + 1}`, zone })),
    ),
    doors,
    tills,
  }
}

/** Units of a product that a mean day sells. */
export function meanDailyUnits(plan: SitePlan, product: number): number {
  return plan.visitsPerDay * (plan.wants[product] ?? 0) * meanLineUnits
}

function planPlanograms(
  plan: SitePlan,
  entries: readonly CatalogueEntry[],
  sites: readonly SitePlan[],
): readonly Planogram[] {
  const { site } = plan
  const place = sites.indexOf(plan)
  return entries.map(({ product, unitGrams, casePack }, index) => {
    const daily =
      site.kind === 'store'
        ? meanDailyUnits(plan, index)
        : sites
            .filter((other) => other.suppliedBy === place)
            .reduce((total, other) => total + meanDailyUnits(other, index), 0)
    const cases = Math.ceil(((site.kind === 'store' ? 2 : 3) * daily) / casePack) + 1
    return {
      id: `${site.id}.${product.id}`,
      site: site.id,
      product: product.id,
      device: `shelf-${String(index + 1).padStart(3, '0')}`,
      capacityUnits: cases * casePack,
      holdBackUnits: site.kind === 'store' ? Math.min(3, Math.ceil(daily / 12)) : 0,
      unitGrams,
    }
  })
}

function kilometres(from: Site, to: Site): number {
  const north = ((to.latitude ?? 0) - (from.latitude ?? 0)) * 111.2
  const east = ((to.longitude ?? 0) - (from.longitude ?? 0)) * 95.1
  return Math.hypot(north, east)
}

/** Warehouse to each store, and each store to its three nearest. Vans by road: 1.3 x the straight line at 22 km/h, and loading. */
function planLanes(sites: readonly Site[]): readonly Lane[] {
  const stores = sites.filter(({ kind }) => kind === 'store')
  const lanes: Lane[] = []
  const add = (from: Site, to: Site): void => {
    const road = kilometres(from, to) * 1.3
    const isVan = from.kind === 'warehouse'
    const minutesP50 = Math.round((isVan ? 18 : 10) + (road / 22) * 60)
    lanes.push({
      id: `${from.id}.${to.id}`,
      from: from.id,
      to: to.id,
      minutesP50,
      minutesP90: Math.round(minutesP50 * (isVan ? 1.45 : 1.35)),
      unitCost: isVan ? 15 : 25,
      tripCost: Math.round((isVan ? 900 : 500) + 60 * road),
      capacityUnits: isVan ? 300 : 40,
      tempClasses: isVan ? ['ambient', 'chilled', 'frozen'] : ['ambient', 'chilled'],
    })
  }
  for (const from of sites.filter(({ kind }) => kind === 'warehouse'))
    for (const to of stores) add(from, to)
  for (const from of stores) {
    const near = stores
      .filter((to) => to !== from)
      .sort((a, b) => kilometres(from, a) - kilometres(from, b))
    for (const to of near.slice(0, 3)) add(from, to)
  }
  return lanes
}

function planShifts({ site, visitsPerDay }: SitePlan): readonly StaffShift[] {
  const people = site.kind === 'store' ? (visitsPerDay > 320 ? 3 : 2) : 4
  const shift = (name: string, start: string, end: string, count: number): StaffShift => ({
    id: `${site.id}.${name}`,
    site: site.id,
    start,
    end,
    people: count,
  })
  return site.kind === 'warehouse'
    ? [shift('day', '04:00', '22:00', people)]
    : [
        shift('early', '06:30', '15:00', people),
        shift('late', '14:30', '23:00', people),
        shift('evening-peak', '17:00', '20:00', 1),
      ]
}
