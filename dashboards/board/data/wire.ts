import type {
  Alarm,
  Change,
  Device,
  Forecast,
  MasterData,
  Reading,
  RegisteredModel,
  Slot,
  StockPosition,
  SystemStatus,
  Transfer,
} from '../../../domain/index.ts'

/** A domain type as the API sends it: the named epoch-ms fields are RFC 3339 texts. */
type Wire<T, K extends keyof T> = Omit<T, K> & {
  readonly [P in K]: null extends T[P] ? string | null : string
}

export type SiteView = MasterData['sites']
export type ProductView = MasterData['products']
export type StockView = Wire<
  StockPosition,
  'asOf' | 'outOfStockSince' | 'shelfAt' | 'ledgerSince' | 'disagreesSince'
>
export type ForecastView = Wire<Forecast, 'origin' | 'issuedAt'>
export type TransferView = Wire<
  Transfer,
  'proposedAt' | 'expiresAt' | 'decidedAt' | 'dispatchedAt' | 'shownEtaAt' | 'receivedAt'
>
export type SlotView = Omit<Slot, 'startAt' | 'endAt'> & {
  readonly start: string
  readonly end: string
}
export type DeviceView = Wire<Device, 'lastSeenAt' | 'registeredAt'>
export type AlarmView = Wire<Alarm, 'raisedAt' | 'clearedAt'>
export type ReadingView = Wire<Reading, 'at' | 'receivedAt'>
export type ModelView = Wire<
  RegisteredModel,
  'trainedAt' | 'historyFrom' | 'historyUntil' | 'stateSince' | 'servedUntil'
>
/** How one forecaster did, as `GET /v1/models/scores` adds it up. */
export interface LiveScoreView {
  readonly model: string
  readonly windows: number
  readonly wql: number | null
  readonly wpe: number | null
  readonly below90: number | null
}
export type StatusView = SystemStatus

export interface SessionView {
  readonly canWrite: boolean
  readonly csrfToken: string | null
}

/** What the board keeps of each list, by the API's path word. */
export interface Collections {
  readonly sites: ReadonlyMap<string, SiteView>
  readonly products: ReadonlyMap<string, ProductView>
  readonly stock: ReadonlyMap<string, StockView>
  readonly forecasts: ReadonlyMap<string, ForecastView>
  readonly transfers: ReadonlyMap<string, TransferView>
  readonly slots: ReadonlyMap<string, SlotView>
  readonly devices: ReadonlyMap<string, DeviceView>
  readonly alarms: ReadonlyMap<string, AlarmView>
}
export type CollectionName = keyof Collections

export type ChangeEvent = Pick<Change, 'resource' | 'id' | 'state'> & { readonly item?: unknown }

export interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}
