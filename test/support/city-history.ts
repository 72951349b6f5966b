import { dayMs, hourMs, readContextIssue } from '../../domain/index.ts'
import { createCity, type CityOptions } from '../../firmware-sim/index.ts'
import { readKnown, type History } from '../../models/index.ts'

/** The past of a simulated city as the models read it from the stores. */
export function readCityHistory(options: CityOptions & { readonly historyDays: number }): History {
  const city = createCity(options)
  const { sites, products } = city.masterData()
  const from = options.startAt - options.historyDays * dayMs
  const hours = options.historyDays * 24
  const issues = [...city.history().context()].map((said) =>
    readContextIssue({ ...said }, options.startAt),
  )
  const knownOf = readKnown(issues, { from, to: options.startAt })
  const byKey = new Map<string, History['series'][number]>()
  for (const { site, product, at, units, outOfStockMinutes } of city.history().sales()) {
    const key = `${site}/${product}`
    let series = byKey.get(key)
    if (!series) {
      const { category = '', tempClass } = products.find(({ id }) => id === product)!
      series = {
        ...{
          site,
          product,
          device: null,
          known: knownOf(site, product),
          statics: { category, tempClass },
        },
        timeZone: sites.find(({ id }) => id === site)!.timeZone,
        value: new Float32Array(hours).fill(NaN),
        outMinutes: new Uint8Array(hours),
      }
      byKey.set(key, series)
    }
    const hour = (at - from) / hourMs
    series.value[hour] = units
    series.outMinutes[hour] = outOfStockMinutes
  }
  return { target: 'demand', from, hours, series: [...byKey.values()] }
}
