/**
 * From hourly history to the next 12 hours as distributions. Takes readings from the series store, gives forecasts to the
 * operations store, and promises quantiles that never cross and nothing read from after the origin.
 */
export * from './forecaster.ts'
