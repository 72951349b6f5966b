export type AlarmKind =
  | 'device-clock'
  | 'device-sequence'
  | 'device-silent'
  | 'cold-breach'
  | 'stock-disagrees'
  | 'out-of-stock'
  | 'model-drift'
  | 'ingest-lag'

/** Something a person should look at; raised once per (kind, site, device, product) until it clears. */
export interface Alarm {
  /** `{kind}.{site}.{device or product or -}.{raisedAt}` */
  readonly id: string
  readonly kind: AlarmKind
  readonly severity: 'info' | 'warning' | 'critical'
  readonly site: string
  readonly device: string | null
  readonly product: string | null
  readonly raisedAt: number
  readonly clearedAt: number | null
  readonly words: string
}
