/**
 * From hourly history to the next 12 hours as distributions. Takes readings from the series store (or files), gives forecasts
 * to the operations store (or files), and promises quantiles that never cross and nothing read from after the origin but
 * what is known ahead. Baselines answer at once; one global TensorFlow.js network over all series learns in the background.
 */
export * from './backtest.ts'
export * from './baselines/index.ts'
export * from './describe-calibration.ts'
export * from './describe-report.ts'
export { helpInThread } from './ensemble/index.ts'
export * from './explain/measure-worth.ts'
export * from './forecast-batch.ts'
export * from './forecaster.ts'
export * from './history/index.ts'
export * from './network-forecaster.ts'
export * from './network-model.ts'
export * from './scores.ts'
export * from './tf.ts'
export * from './training/index.ts'
export * from './forecast-round.ts'
export * from './models-worker.ts'
export * from './start-models.ts'
export type { Train, TrainingRequest } from './training-schedule.ts'
