import { hourMs } from '../../domain/index.ts'
import type { CityHistory, CityIssue } from './city-event.ts'
import type { CityPlan } from './plan-of-city.ts'

/** Hourly totals of the city's past, from its own steps: what it sold, what was empty, who came, how cold it was. */
export interface Recorder {
  sold(site: number, product: number, units: number, at: number): void
  /** Minutes of an hour in which a product was out of stock; split over the hours by the caller's minute. */
  empty(site: number, product: number, minutes: number, at: number): void
  passed(site: number, direction: 'in' | 'out', at: number): void
  climate(site: number, room: number, celsius: number, at: number): void
  said(issue: CityIssue): void
  history(): CityHistory
}

export function createRecorder(plan: CityPlan, from: number, hours: number): Recorder {
  const products = plan.entries.length
  const rooms = Math.max(0, ...plan.sites.map(({ layout }) => layout.rooms.length))
  const sold = new Uint16Array(plan.sites.length * products * hours)
  const empty = new Uint8Array(sold.length)
  const passed = new Uint16Array(plan.sites.length * 2 * hours)
  const issues: CityIssue[] = []
  const celsius = new Float32Array(plan.sites.length * rooms * hours)
  const hourOf = (at: number): number =>
    Math.min(hours - 1, Math.max(0, Math.floor((at - from) / hourMs)))
  const cell = (site: number, product: number, at: number): number =>
    (site * products + product) * hours + hourOf(at)

  function* eachHour(): Iterable<[number, number]> {
    for (let hour = 0; hour < hours; hour++) yield [hour, from + hour * hourMs]
  }
  return {
    sold(site, product, units, at) {
      sold[cell(site, product, at)]! += units
    },
    empty(site, product, minutes, at) {
      empty[cell(site, product, at)]! += minutes
    },
    passed(site, direction, at) {
      passed[(site * 2 + (direction === 'in' ? 0 : 1)) * hours + hourOf(at)]!++
    },
    climate(site, room, value, at) {
      celsius[(site * rooms + room) * hours + hourOf(at)] = value
    },
    said: (issue) => void issues.push(issue),
    history: () => ({
      context: () => issues,
      *sales() {
        for (const [site, { site: place, suppliedBy }] of plan.sites.entries()) {
          if (suppliedBy < 0) continue
          for (const [product, entry] of plan.entries.entries())
            for (const [, at] of eachHour())
              yield {
                site: place.id,
                product: entry.product.id,
                at,
                units: sold[cell(site, product, at)]!,
                outOfStockMinutes: empty[cell(site, product, at)]!,
              }
        }
      },
      *footfall() {
        for (const [site, { site: place, layout }] of plan.sites.entries()) {
          if (layout.doors === 0) continue
          for (const [hour, at] of eachHour())
            yield {
              site: place.id,
              at,
              in: passed[site * 2 * hours + hour]!,
              out: passed[(site * 2 + 1) * hours + hour]!,
            }
        }
      },
      *temperatures() {
        for (const [site, { site: place, layout }] of plan.sites.entries())
          for (const [room, { room: name }] of layout.rooms.entries())
            for (const [hour, at] of eachHour())
              yield {
                site: place.id,
                device: `probe-${name}`,
                at,
                celsius: Math.round(celsius[(site * rooms + room) * hours + hour]! * 100) / 100,
              }
      },
    }),
  }
}
