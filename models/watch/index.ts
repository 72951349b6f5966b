/**
 * What came of forecasts. Takes each hour's answers and the history as it completes, gives running scores and alarms to the
 * operations store, and promises that only windows in stock count, each once, and that no alarm flaps.
 */
export { createWatch, type Watch } from './create-watch.ts'
