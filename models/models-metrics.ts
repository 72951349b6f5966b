import { Counter, Gauge, type Registry } from '../runtime/index.ts'

export function createCounters(metrics: Registry) {
  const registers = [metrics]
  return {
    forecasts: new Counter({
      name: 'larder_models_forecasts_total',
      help: 'Forecasts saved',
      labelNames: ['target'],
      registers,
    }),
    skipped: new Counter({
      name: 'larder_models_origins_skipped_total',
      help: 'Hours without a forecast, because the clock ran faster than the work',
      registers,
    }),
    series: new Gauge({
      name: 'larder_models_series',
      help: 'Series with demand history at the last forecast',
      registers,
    }),
    trainingSeconds: new Gauge({
      name: 'larder_models_training_seconds',
      help: 'Wall time of the last training',
      labelNames: ['target'],
      registers,
    }),
  }
}

export type Counters = ReturnType<typeof createCounters>
