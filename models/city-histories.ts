import { dayMs, type ForecastTarget } from '../domain/index.ts'
import type { History } from './forecaster.ts'
import { readCityDemand, readCityFootfall, type CityStores, type Span } from './history/index.ts'

/** How far back a forecast looks. */
const lookBackDays = 29

/** What happened in the city, as the rounds, the training and the watch of the models ask for it. */
export interface CityHistories {
  /** All that a forecast from this origin may look at. */
  before(target: ForecastTarget, origin: number): Promise<History>
  read(target: ForecastTarget, span: Span): Promise<History>
}

export function createCityHistories(stores: CityStores): CityHistories {
  const read = (target: ForecastTarget, span: Span): Promise<History> =>
    target === 'footfall' ? readCityFootfall(stores, span) : readCityDemand(stores, span)
  return {
    before: (target, origin) => read(target, { from: origin - lookBackDays * dayMs, to: origin }),
    read,
  }
}
