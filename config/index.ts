/** From flags, environment and file to validated settings, by the one schema. Reads nothing by itself but the files it is named. */
export * from './load-settings.ts'
export * from './operations-address.ts'
export * from './read-secret.ts'
export * from './settings.ts'
