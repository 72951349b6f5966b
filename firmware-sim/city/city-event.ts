import type {
  ColdZone,
  ContextBasis,
  Lane,
  Planogram,
  Product,
  SignalName,
  Site,
  StaffShift,
} from '../../domain/index.ts'

export interface Line {
  readonly product: string
  readonly units: number
}

export interface RoomState {
  /** `chilled-1`; its probe is `probe-chilled-1`. */
  readonly room: string
  readonly celsius: number
  readonly humidityPct: number
  readonly doorOpen: boolean
}

/** What happens in the city, in order of `at`: the truth, which devices see only in their own way. */
export type CityEvent =
  | {
      readonly type: 'shelf'
      readonly at: number
      readonly site: string
      readonly product: string
      /** Units on the shelf after it. */
      readonly units: number
      /** Units taken off by hand; 0 where goods came in. */
      readonly picked: number
    }
  | {
      readonly type: 'sale'
      readonly at: number
      readonly site: string
      readonly till: number
      readonly lines: readonly Line[]
    }
  | {
      readonly type: 'door'
      readonly at: number
      readonly site: string
      readonly door: number
      readonly in: number
      readonly out: number
    }
  | {
      readonly type: 'climate'
      readonly at: number
      readonly site: string
      readonly rooms: readonly RoomState[]
    }
  | {
      readonly type: 'truck'
      readonly at: number
      readonly what: 'left' | 'arrived'
      readonly load: string
      readonly from: string
      readonly to: string
    }
  /** Something became known outside; no device says it. */
  | { readonly type: 'context'; readonly at: number; readonly issue: CityIssue }

/** What somebody outside says, at `issuedAt`, of the hours from `start` to `end`. */
export interface CityIssue {
  readonly signal: SignalName
  readonly basis?: ContextBasis
  readonly site?: string
  readonly product?: string
  readonly start: number
  readonly end: number
  readonly values: readonly number[]
  readonly issuedAt: number
  readonly words: string | null
}

/** What people do because Larder said so. Applied at the world's `now`; the same commands at the same times give the same world. */
export type CityCommand =
  | {
      readonly type: 'dispatch'
      readonly load: string
      readonly from: string
      readonly to: string
      readonly lines: readonly Line[]
    }
  /** Takes an arrived load off the truck and puts it on the shelves of its destination. */
  | { readonly type: 'receive'; readonly load: string }
  /** Puts a load back where it came from. */
  | { readonly type: 'return'; readonly load: string }
  | { readonly type: 'collect'; readonly site: string; readonly lines: readonly Line[] }

/** `lines`: what was really there to move. `arrivesAt`: of a dispatch. */
export interface CommandResult {
  readonly lines: readonly Line[]
  readonly arrivesAt: number | null
}

export interface CityMaster {
  readonly sites: readonly Site[]
  readonly products: readonly (Product & { readonly gtin: string })[]
  readonly planograms: readonly Planogram[]
  readonly lanes: readonly Lane[]
  readonly staff: readonly StaffShift[]
}

export interface SiteLayout {
  readonly site: string
  readonly rooms: readonly { readonly room: string; readonly zone: ColdZone }[]
  readonly doors: number
  readonly tills: number
}

/** Hourly past of the city; `at` is the start of the hour. */
export interface CityHistory {
  sales(): Iterable<{
    readonly site: string
    readonly product: string
    readonly at: number
    readonly units: number
    readonly outOfStockMinutes: number
  }>
  footfall(): Iterable<{
    readonly site: string
    readonly at: number
    readonly in: number
    readonly out: number
  }>
  temperatures(): Iterable<{
    readonly site: string
    readonly device: string
    readonly at: number
    readonly celsius: number
  }>
  /** All that was said in that past, of the days after it too. */
  context(): Iterable<CityIssue>
}

/** A source of city events: the simulated city, or recordings. Knows nothing of MQTT or HTTP. */
export interface World {
  /** City time it has been stepped to. */
  now(): number
  /** Everything up to and including `toAt`; the same events however the way there is cut. */
  step(toAt: number): readonly CityEvent[]
  apply(command: CityCommand): CommandResult
  masterData(): CityMaster
  layout(): readonly SiteLayout[]
  stock(): readonly (Line & { readonly site: string })[]
  history(): CityHistory
  /** Chance that a customer of a site wants a product now: what those who book put in their baskets. */
  appetite(site: string): readonly { readonly product: string; readonly weight: number }[]
  /** Plain JSON to go on from, without the history. */
  save(): unknown
}
