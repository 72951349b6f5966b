/**
 * HTTP for people's software and the board. Takes the stores, the clock and the planner's commands; gives resources,
 * changes, server-sent events, imports and OpenAPI 3.1. Promises that bad input is a 4xx problem with a code and what to do,
 * that nothing is written without a key, and that the same Idempotency-Key gives the same answer.
 */
export * from './api.ts'
export * from './deps.ts'
export * from './gateway-api.ts'
export * from './security/keys.ts'
export * from './status-server.ts'
