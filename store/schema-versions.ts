import { migrations as operations } from './operations-store/migrations.ts'
import { migrations as series } from './series-store/series-schema.ts'

/** Schemas of series.db and operations.db that this Larder writes; it reads every one up to it. */
export const storeSchemaVersions = { series: series.length, operations: operations.length }
