import {
  derivedDevice,
  horizonHours,
  hourMs,
  outOfStockMinutes,
  type Site,
} from '../../domain/index.ts'
import type { OperationsStore } from '../../store/index.ts'
import type { History, SeriesHistory } from '../forecaster.ts'
import type { HourlyReader, HourlyValues } from './hourly-cache.ts'
import { readKnown } from './known-context.ts'
import { epochHour, localCalendar, zoneOffsetHours } from './local-time.ts'
import type { Span } from './span.ts'

export interface CityStores {
  readonly series: HourlyReader
  readonly operations: Pick<OperationsStore, 'all' | 'readContext'>
}

/**
 * Demand by hour of every (site, product) that sells: the sum over devices of `sold`, or of `picked` through the planogram at
 * a site where nothing is ever rung up. An hour without a reading is a zero on a local day on which the site sold anything, else unknown.
 * Of the context, known inputs are what was issued by the end of the span.
 */
export async function readCityDemand(
  { series, operations }: CityStores,
  span: Span,
): Promise<History> {
  const [sites, products, planograms] = await Promise.all([
    operations.all('sites'),
    operations.all('products'),
    operations.all('planograms'),
  ])
  const [sold, out, issues] = await Promise.all([
    series.hourly({ ...span, channel: 'sold', by: 'site' }),
    series.hourly({ ...span, channel: outOfStockMinutes, device: derivedDevice, by: 'site' }),
    operations.readContext({ from: span.from, to: span.to + horizonHours * hourMs }),
  ])
  const knownOf = readKnown(issues, span)
  const hours = hoursOf(span)
  const byGtin = new Map(products.map((product) => [product.gtin, product]))
  const values = new Map<string, Float32Array>()
  const selling = new Set(sold.map((row) => row.site))
  for (const row of sold) {
    const product = row.gtin === null ? undefined : byGtin.get(row.gtin)
    if (product) addInto(values, `${row.site}/${product.id}`, row, span, hours)
  }
  const shelfOnly = sites.filter(({ id, kind }) => kind === 'store' && !selling.has(id))
  if (shelfOnly.length > 0) {
    const shelves = new Map(
      planograms.flatMap(({ site, device, product }) =>
        device === undefined ? [] : [[`${site}/${device}`, product] as const],
      ),
    )
    for (const site of shelfOnly) {
      for (const row of await series.hourly({
        ...span,
        site: site.id,
        channel: 'picked',
        by: 'device',
      })) {
        const product = shelves.get(`${row.site}/${row.device ?? ''}`)
        if (product !== undefined) addInto(values, `${row.site}/${product}`, row, span, hours)
      }
    }
  }
  const outMinutes = new Map<string, Uint8Array>()
  for (const row of out) {
    const product = row.gtin === null ? undefined : byGtin.get(row.gtin)
    if (product) outMinutes.set(`${row.site}/${product.id}`, minutesOf(row, span, hours))
  }
  fillSilentHours(values, sites, span, hours)
  const siteOf = new Map(sites.map((site) => [site.id, site]))
  const productOf = new Map(products.map((product) => [product.id, product]))
  const list = [...values].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    target: 'demand',
    from: span.from,
    hours,
    series: list.flatMap(([key, value]): SeriesHistory[] => {
      const [siteId, productId] = splitOnce(key)
      const product = productOf.get(productId)
      return [
        {
          site: siteId,
          product: productId,
          device: null,
          timeZone: siteOf.get(siteId)?.timeZone ?? 'UTC',
          statics: {
            tempClass: product?.tempClass ?? 'ambient',
            category1: product?.category ?? '',
          },
          value,
          outMinutes: outMinutes.get(key) ?? new Uint8Array(hours),
          known: knownOf(siteId, productId),
        },
      ]
    }),
  }
}

/** Entries by hour of every site that counts them (channel `in`, over its doors). */
export async function readCityFootfall(
  { series, operations }: CityStores,
  span: Span,
): Promise<History> {
  const sites = await operations.all('sites')
  const rows = await series.hourly({ ...span, channel: 'in', by: 'site' })
  const hours = hoursOf(span)
  const values = new Map<string, Float32Array>()
  for (const row of rows) addInto(values, `${row.site}/`, row, span, hours)
  fillSilentHours(values, sites, span, hours)
  const zones = new Map(sites.map((site) => [site.id, site.timeZone]))
  return {
    target: 'footfall',
    from: span.from,
    hours,
    series: [...values].map(([key, value]) => {
      const [site] = splitOnce(key)
      return {
        site,
        product: null,
        device: null,
        timeZone: zones.get(site) ?? 'UTC',
        statics: {},
        value,
        outMinutes: new Uint8Array(hours),
        known: {},
      }
    }),
  }
}

function hoursOf(span: Span): number {
  return Math.max(0, Math.round((span.to - span.from) / hourMs))
}

/** Site names hold no slash. */
function splitOnce(key: string): [string, string] {
  const at = key.indexOf('/')
  return [key.slice(0, at), key.slice(at + 1)]
}

function addInto(
  values: Map<string, Float32Array>,
  key: string,
  row: HourlyValues,
  span: Span,
  hours: number,
): void {
  const value = values.get(key) ?? new Float32Array(hours).fill(NaN)
  values.set(key, value)
  const shift = Math.round((row.from - span.from) / hourMs)
  for (let i = 0; i < row.sum.length; i++) {
    const at = i + shift
    const amount = row.sum[i]!
    if (at < 0 || at >= hours || Number.isNaN(amount)) continue
    value[at] = Math.max(0, (Number.isNaN(value[at]!) ? 0 : value[at]!) + amount)
  }
}

function minutesOf(row: HourlyValues, span: Span, hours: number): Uint8Array {
  const minutes = new Uint8Array(hours)
  const shift = Math.round((row.from - span.from) / hourMs)
  for (let i = 0; i < row.last.length; i++) {
    const at = i + shift
    const last = row.last[i]!
    if (at >= 0 && at < hours && last > 0) minutes[at] = Math.min(60, Math.round(last))
  }
  return minutes
}

function fillSilentHours(
  values: ReadonlyMap<string, Float32Array>,
  sites: readonly Site[],
  span: Span,
  hours: number,
): void {
  const bySite = new Map<string, Float32Array[]>()
  for (const [key, value] of values) {
    const [site] = splitOnce(key)
    const group = bySite.get(site)
    if (group) group.push(value)
    else bySite.set(site, [value])
  }
  for (const [siteId, group] of bySite) {
    const zone = sites.find(({ id }) => id === siteId)?.timeZone ?? 'UTC'
    const start = epochHour(span.from)
    const midnight = -localCalendar(start, zoneOffsetHours(zone, span.from)).hour
    for (let day = midnight; day < hours; day += 24) {
      const [from, to] = [Math.max(0, day), Math.min(hours, day + 24)]
      const isOpen = group.some((value) => value.subarray(from, to).some((x) => !Number.isNaN(x)))
      if (!isOpen) continue
      for (const value of group) {
        for (let i = from; i < to; i++) if (Number.isNaN(value[i]!)) value[i] = 0
      }
    }
  }
}
