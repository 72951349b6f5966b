import type { Random } from '../../domain/index.ts'
import { createRandom, restoreRandom } from '../../runtime/index.ts'
import { startRoom, type ColdRoom } from './cold-room.ts'
import { createEventQueue, type EventQueue } from './event-queue.ts'
import { meanDailyUnits, type CityPlan } from './plan-of-city.ts'
import { startWeather, type Weather } from './weather.ts'

/** [product, units] */
export type Wanted = readonly [number, number]

/** What will happen, in the queue. Sites and products are their place in the plan. */
export type Coming =
  | { readonly what: 'minute' }
  | {
      readonly what: 'visit'
      readonly site: number
      readonly door: number
      readonly step: 'enter' | 'pick' | 'pay' | 'leave'
      readonly wants: readonly Wanted[]
      readonly got: readonly Wanted[]
    }
  | { readonly what: 'truck'; readonly load: string }

export interface Load {
  readonly from: number
  readonly to: number
  readonly lines: readonly Wanted[]
  readonly arrivesAt: number
  /** The city's own morning run is put on the shelves by itself. */
  readonly isOwn: boolean
}

export interface SiteState {
  readonly units: number[]
  /** Since when each product is out of stock; 0 where it is not. */
  readonly emptySince: number[]
  /** Log of how far today's demand lies from its mean, by product and for the site. */
  readonly drift: number[]
  visitDrift: number
  /** What the store believes a day sells. */
  readonly estimate: number[]
  readonly soldToday: number[]
  readonly emptyMinutesToday: number[]
  readonly rooms: ColdRoom[]
}

/** Running totals since the city began: the stock law is started + supplied = on hand + in transit + in hands + sold. */
export interface Totals {
  readonly started: number
  supplied: number
  sold: number
  inHands: number
  wanted: number
  lost: number
}

interface PlainState {
  at: number
  weather: Weather
  readonly sites: readonly SiteState[]
  readonly loads: Record<string, Load>
  loadNumber: number
  readonly totals: Totals
}

export interface CityState extends PlainState {
  readonly queue: EventQueue<Coming>
  /** One stream a concern, so that more customers do not change the weather. */
  readonly chance: Readonly<Record<Stream, Random>>
}

const streams = ['visits', 'weather', 'rooms', 'trucks', 'drift'] as const
type Stream = (typeof streams)[number]

/** Demand a day drifts by: stationary spread of the AR(1) of replenish.ts. */
export function startState(plan: CityPlan, seed: number, at: number, offsetMs: number): CityState {
  const weather = startWeather(at, offsetMs)
  const sites = plan.sites.map((site, place): SiteState => {
    const daily = plan.entries.map((_, product) =>
      site.suppliedBy >= 0
        ? meanDailyUnits(site, product)
        : plan.sites
            .filter((other) => other.suppliedBy === place)
            .reduce((sum, other) => sum + meanDailyUnits(other, product), 0),
    )
    const none = plan.entries.map(() => 0)
    return {
      units: daily.map((units) => Math.ceil(units * 0.8)),
      emptySince: [...none],
      drift: [...none],
      visitDrift: 0,
      estimate: daily,
      soldToday: [...none],
      emptyMinutesToday: [...none],
      rooms: site.layout.rooms.map(({ room, zone }) => startRoom(room, zone, weather.celsius)),
    }
  })
  const queue = createEventQueue<Coming>()
  queue.push(Math.ceil(at / 60_000) * 60_000, { what: 'minute' })
  const started = sites.reduce(
    (sum, site) => sum + site.units.reduce((total, units) => total + units, 0),
    0,
  )
  return {
    at,
    weather,
    sites,
    loads: {},
    loadNumber: 0,
    totals: { started, supplied: 0, sold: 0, inHands: 0, wanted: 0, lost: 0 },
    queue,
    chance: byStream((name) => createRandom(seed).fork(name)),
  }
}

function byStream(make: (name: Stream) => Random): Readonly<Record<Stream, Random>> {
  return Object.fromEntries(streams.map((name) => [name, make(name)])) as Record<Stream, Random>
}

export interface SavedCity {
  readonly plain: PlainState
  readonly queue: ReturnType<EventQueue<Coming>['save']>
  readonly chance: Readonly<Record<string, readonly number[]>>
}

export function saveState(state: CityState): SavedCity {
  const { queue, chance, ...plain } = state
  return structuredClone({
    plain,
    queue: queue.save(),
    chance: Object.fromEntries(streams.map((name) => [name, [...chance[name].save()]])),
  })
}

export function restoreState(saved: SavedCity): CityState {
  const { plain, queue, chance } = structuredClone(saved)
  return {
    ...plain,
    queue: createEventQueue<Coming>(queue),
    chance: byStream((name) => restoreRandom(chance[name] ?? [])),
  }
}
