/**
 * The simulated city beside Larder: takes a seed or a folder of recordings, gives MQTT messages of real devices and the client's side
 * of decisions over the public HTTP API. Promises the same city for the same seed, no unit made or lost, and that a restart agrees
 * with the stock that Larder knows. Speaks MQTT and HTTP only.
 */
export * from './city/index.ts'
export * from './client/index.ts'
export * from './devices/index.ts'
export * from './replay/index.ts'
export * from './run/index.ts'
