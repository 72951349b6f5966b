/**
 * How any stage starts, waits, retries, measures and stops. Takes no stage's side: what a stage means lives in the stage.
 */
export * from './age-clock.ts'
export * from './city-clock.ts'
export * from './clock-broadcast.ts'
export * from './data-folder.ts'
export * from './lean-heap.ts'
export * from './logger.ts'
export * from './manual-clock.ts'
export * from './metrics.ts'
export * from './random.ts'
export * from './retry.ts'
export * from './rpc.ts'
export * from './service.ts'
export * from './version.ts'
export * from './wall-clock.ts'
export * from './worker.ts'
