/** Kinds of resource that the outbox speaks of; the same words as the API's paths. */
export const resourceKinds = [
  'sites',
  'products',
  'planograms',
  'lanes',
  'staff',
  'devices',
  'stock',
  'forecasts',
  'transfers',
  'slots',
  'bookings',
  'release-tasks',
  'alarms',
  'dead-letters',
  'models',
  'context',
] as const
export type ResourceKind = (typeof resourceKinds)[number]

/** A row of the outbox: numbered without gaps for readers, in the order of commits. */
export interface Change {
  readonly number: number
  readonly resource: ResourceKind
  readonly id: string
  readonly state: 'updated' | 'deleted'
  readonly at: number
}
