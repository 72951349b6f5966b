import type { SeriesStore } from './series-store.ts'
import { createSqliteSeriesStore } from './sqlite-series-store.ts'

/** The same store without a file: tests and simulations. */
export function createMemorySeriesStore(): SeriesStore {
  return createSqliteSeriesStore({ file: ':memory:' })
}
