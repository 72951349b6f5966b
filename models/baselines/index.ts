export * from './baselines.ts'
