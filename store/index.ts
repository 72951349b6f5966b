/**
 * The stores behind two ports: readings as time series, and operations (sites, stock, decisions, the outbox).
 * Takes idempotent writes, gives ranges, hourly roll-ups and pages, and promises that a write answered is durable.
 */
export * from './device-registry.ts'
export * from './operations-store/copy-operations.ts'
export * from './operations-store/leader-lock.ts'
export * from './operations-store/no-effects.ts'
export type { ModelReport } from './operations-store/models-store.ts'
export * from './operations-store/open-operations-store.ts'
export * from './operations-store/operations-batch.ts'
export * from './operations-store/operations-store.ts'
export * from './operations-store/operations-worker.ts'
export * from './operations-store/postgres-operations-store.ts'
export * from './operations-store/remote-operations-store.ts'
export * from './operations-store/sqlite-operations-store.ts'
export {
  createInfluxSeriesStore,
  type InfluxSeriesStoreOptions,
} from './series-store/influx/influx-series-store.ts'
export type { AppliedPositions } from './series-store/influx/trailing-cursor.ts'
export * from './series-store/memory-series-store.ts'
export * from './series-store/rpc-series-store.ts'
export * from './series-store/series-store.ts'
export * from './series-store/series-worker.ts'
export * from './series-store/sqlite-series-store.ts'
export { checkSqliteFile } from './check-sqlite-file.ts'
export * from './copy-sqlite-file.ts'
export * from './watch-damage.ts'
export * from './schema-versions.ts'
