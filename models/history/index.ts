export * from './city-history.ts'
export * from './footfall-parquet.ts'
export * from './local-time.ts'
export * from './retail-parquet.ts'
