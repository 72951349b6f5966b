import { dayMs, type ForecastTarget } from '../domain/index.ts'
import type { SeriesStore } from '../store/index.ts'
import type { History } from './forecaster.ts'
import {
  createHourlyCache,
  readCityDemand,
  readCityFootfall,
  type CityStores,
  type Span,
} from './history/index.ts'

/** How far back a forecast looks. */
const lookBackDays = 29

/** What happened in the city, as the rounds, the training and the watch of the models ask for it. */
export interface CityHistories {
  /** All that a forecast from this origin may look at. */
  before(target: ForecastTarget, origin: number): Promise<History>
  read(target: ForecastTarget, span: Span): Promise<History>
}

export function createCityHistories(
  stores: Omit<CityStores, 'series'> & { readonly series: Pick<SeriesStore, 'hourly'> },
): CityHistories {
  // Rounds ask for nearly the same hours each time; training and the watch for others.
  const recent: CityStores = { ...stores, series: createHourlyCache(stores.series) }
  return {
    before: (target, origin) =>
      readCity(recent, target, { from: origin - lookBackDays * dayMs, to: origin }),
    read: (target, span) => readCity(stores, target, span),
  }
}

function readCity(stores: CityStores, target: ForecastTarget, span: Span): Promise<History> {
  return target === 'footfall' ? readCityFootfall(stores, span) : readCityDemand(stores, span)
}
