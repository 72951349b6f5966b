/**
 * The client's side of decisions, over the public HTTP API only: drives approved transfers and counts them in, books, arrives,
 * collects, calls off. Promises an Idempotency-Key on every POST, and to tell Larder of a step before the shelves change.
 */
export * from './api-client.ts'
export * from './clock-follower.ts'
export * from './context-teller.ts'
export * from './customers.ts'
export * from './transfer-driver.ts'
