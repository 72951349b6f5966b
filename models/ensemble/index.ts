export * from './answering.ts'
export * from './ensemble.ts'
export * from './helper-thread.ts'
