import { hourMs, restrictedGtin, type Forecast, type RegisteredModel } from '../../domain/index.ts'
import type { History } from '../../models/index.ts'
import {
  createSqliteOperationsStore,
  type HourlySeries,
  type OperationsStore,
  type SeriesStore,
} from '../../store/index.ts'

export interface CityStoresOfHistory {
  readonly forecasts: Map<string, Forecast>
  readonly models: RegisteredModel[]
  readonly watermarks: Map<string, number>
  readonly series: SeriesStore
  readonly operations: OperationsStore
}

const modelMethods = [
  ...(['list', 'useModel', 'rollBackModel', 'saveModelReport', 'modelReport'] as const),
  ...(['addModelScores', 'modelScores', 'raiseAlarms'] as const),
]

/** The part of the two stores that forecasting asks, answered from a history; what is saved is kept. */
export function createCityStores(history: History): CityStoresOfHistory {
  const forecasts = new Map<string, Forecast>()
  const models: RegisteredModel[] = []
  const watermarks = new Map<string, number>()
  const store = createSqliteOperationsStore({ file: ':memory:' })
  const hourly: SeriesStore['hourly'] = ({ channel, from, to }) =>
    Promise.resolve(
      channel === 'sold'
        ? history.series.map((series): HourlySeries => {
            const hours = (to - from) / hourMs
            const shift = (from - history.from) / hourMs
            const sum = Float64Array.from(
              { length: hours },
              (_, i) => series.value[i + shift] ?? NaN,
            )
            return {
              site: series.site,
              device: null,
              channel: 'sold',
              gtin: restrictedGtin(series.product!),
              from,
              sum,
              count: new Uint32Array(hours),
              min: sum,
              max: sum,
              last: sum,
            }
          })
        : [],
    )
  const sites = [...new Set(history.series.map(({ site }) => site))]
  const products = [...new Set(history.series.map(({ product }) => product!))]
  const all = (kind: string): Promise<unknown> =>
    Promise.resolve(
      kind === 'sites'
        ? sites.map((id) => ({ id, name: id, kind: 'store', timeZone: 'UTC' }))
        : kind === 'products'
          ? products.map((id) => ({ id, gtin: restrictedGtin(id), tempClass: 'ambient' }))
          : [],
    )
  return {
    forecasts,
    models,
    watermarks,
    series: { hourly, watermarks: () => Promise.resolve(watermarks) } as unknown as SeriesStore,
    operations: {
      all,
      readContext: () => Promise.resolve([]),
      saveForecasts(items: readonly Forecast[]) {
        for (const item of items) forecasts.set(item.id, item)
        return Promise.resolve()
      },
      async saveModel(model: RegisteredModel, at: number) {
        models.push(model)
        await (await store).saveModel(model, at)
      },
      ...Object.fromEntries(
        modelMethods.map((name) => [
          name,
          async (...args: never[]): Promise<unknown> =>
            ((await store)[name] as (...args: never[]) => Promise<unknown>)(...args),
        ]),
      ),
    } as unknown as OperationsStore,
  }
}
