export * from './network.ts'
export * from './quantile-loss.ts'
