import { hourMs, outOfStockMinutes } from '../../domain/index.ts'
import type { HourlySeries, SeriesStore } from '../../store/index.ts'
import type { Catalogue } from '../catalogue.ts'
import { emptyMinutes, type ShelfUnits } from './empty-minutes.ts'
import { contiguous, lastBefore, type HourlyRule, type HourlyValue } from './hourly-rule.ts'

/** How far back a shelf's last word is looked for. */
const lookBackHours = 48
const readingsOfOneHour = 50_000

/** `outOfStockMinutes` per watched product and full hour. */
export function outOfStockRule(series: SeriesStore, catalogue: Catalogue): HourlyRule {
  async function minutesOf(
    site: string,
    shelves: readonly string[],
    hour: number,
    byDevice: ReadonlyMap<string | null, HourlySeries>,
  ): Promise<number> {
    const before = new Map<string, number>()
    let mayBeEmpty = false
    for (const device of shelves) {
      const hours = byDevice.get(device)
      if (!hours) continue
      const carried = lastBefore(hours, hour, lookBackHours)
      if (carried !== null) before.set(device, carried)
      mayBeEmpty ||= (carried ?? 1) <= 0 || (hours.min[(hour - hours.from) / hourMs] ?? 1) <= 0
    }
    if (!mayBeEmpty) return 0
    const during = await Promise.all(shelves.map((device) => readShelf(site, device, hour)))
    return emptyMinutes(hour, shelves, before, during.flat())
  }

  async function readShelf(site: string, device: string, hour: number): Promise<ShelfUnits[]> {
    const { readings } = await series.range({
      ...{ site, device, channel: 'units' },
      ...{ from: hour, to: hour + hourMs, limit: readingsOfOneHour },
    })
    return readings.map(({ at, value }) => ({ device, at, units: value }))
  }

  return {
    inputs: ['units'],
    carriesHours: lookBackHours,
    settlesHours: 0,
    async derive(site, hours) {
      const products = catalogue.watchedProducts(site)
      const derived: HourlyValue[] = []
      if (products.length === 0) return derived
      for (const run of contiguous(hours)) {
        const rolled = await series.hourly({
          ...{ site, channel: 'units', by: 'device' },
          ...{ from: run[0]! - lookBackHours * hourMs, to: run.at(-1)! + hourMs },
        })
        const byDevice = new Map(rolled.map((one) => [one.device, one]))
        for (const at of run)
          for (const product of products) {
            const gtin = catalogue.gtinOf(product)
            if (gtin === null) continue
            const shelves = catalogue.shelvesOf(site, product)
            const value = await minutesOf(site, shelves, at, byDevice)
            derived.push({ channel: outOfStockMinutes, gtin, at, value })
          }
      }
      return derived
    },
  }
}
