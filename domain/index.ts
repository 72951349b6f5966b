/**
 * The words of Larder: types, schemas, laws and the error table. No I/O, no clock, no state.
 * Every other folder speaks in these words; this one imports none of them.
 * Schemas are entered by master-data.ts: they bring a library that most threads and commands need not load.
 */
export * from './alarm.ts'
export * from './changes.ts'
export * from './clock.ts'
export * from './context.ts'
export * from './credential-rules.ts'
export * from './device.ts'
export * from './distribution.ts'
export * from './errors.ts'
export * from './forecast.ts'
export * from './ids.ts'
export type * from './master-data.ts'
export * from './master-kinds.ts'
export * from './message.ts'
export * from './random.ts'
export * from './reading.ts'
export * from './release.ts'
export * from './secret.ts'
export * from './slot.ts'
export * from './status.ts'
export * from './stock.ts'
export * from './topic-filter.ts'
export * from './transfer.ts'
export * from './zone.ts'
