import { derivedDevice, hourMs, outOfStockMinutes, type Reading } from '../../domain/index.ts'
import type { HourlySeries, SeriesStore } from '../../store/index.ts'
import type { Catalogue } from '../catalogue.ts'
import type { Deriver } from '../sinks/series-sink.ts'
import { emptyMinutes, type ShelfUnits } from './empty-minutes.ts'

/** How far back a shelf's last word is looked for, and how many hours one late reading reopens at most. */
const lookBackHours = 48
const readingsOfOneHour = 50_000

function hourOf(at: number): number {
  return Math.floor(at / hourMs) * hourMs
}

/**
 * `outOfStockMinutes` per watched product and full hour, computed from the shelf readings that the store has: once a message of
 * the site has come from beyond the hour, and again when a late reading falls into it. The receive time is the seq, so that
 * a later computation wins, and the same one after a crash changes nothing.
 */
export async function createOutOfStock(deps: {
  readonly series: SeriesStore
  readonly catalogue: Catalogue
}): Promise<Deriver> {
  const { series, catalogue } = deps
  /** Start of the first hour of each site that is not computed yet. */
  const nextHours = new Map<string, number>()
  for (const { site, at } of await series.latest({
    device: derivedDevice,
    channel: outOfStockMinutes,
  })) {
    nextHours.set(site, Math.max(nextHours.get(site) ?? 0, at + hourMs))
  }

  /** Sites of the batch with the hours that are due: [from, to). */
  function findDue(
    readings: readonly Reading[],
  ): Map<string, { from: number; to: number; now: number }> {
    const due = new Map<string, { from: number; to: number; now: number }>()
    for (const { site, channel, at, receivedAt } of readings) {
      if (catalogue.watchedProducts(site).length === 0) continue
      const next = nextHours.get(site)
      if (next === undefined) {
        nextHours.set(site, hourOf(receivedAt))
        continue
      }
      const to = hourOf(receivedAt)
      const from =
        channel === 'units' && at < next ? Math.max(hourOf(at), to - lookBackHours * hourMs) : next
      if (from >= Math.max(to, next)) continue
      const known = due.get(site)
      due.set(site, {
        from: Math.min(from, known?.from ?? from),
        to: Math.max(to, next, known?.to ?? 0),
        now: Math.max(receivedAt, known?.now ?? 0),
      })
    }
    return due
  }

  async function deriveSite(
    site: string,
    from: number,
    to: number,
    now: number,
  ): Promise<Reading[]> {
    const begin = Math.max(from, to - lookBackHours * hourMs)
    const hours = await series.hourly({
      site,
      channel: 'units',
      from: begin - lookBackHours * hourMs,
      to,
      by: 'device',
    })
    const byDevice = new Map(hours.map((one) => [one.device, one]))
    const derived: Reading[] = []
    for (let hour = begin; hour < to; hour += hourMs) {
      for (const product of catalogue.watchedProducts(site)) {
        const gtin = catalogue.gtinOf(product)
        if (gtin === null) continue
        const value = await minutesOf(site, catalogue.shelvesOf(site, product), hour, byDevice)
        derived.push({
          site,
          device: derivedDevice,
          channel: outOfStockMinutes,
          gtin,
          at: hour,
          receivedAt: now,
          value,
          seq: now,
          boot: '',
          index: 0,
          quality: 'good',
        })
      }
    }
    return derived
  }

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
      const i = (hour - hours.from) / hourMs
      const carried = lastBefore(hours, i)
      if (carried !== null) before.set(device, carried)
      mayBeEmpty ||= (carried ?? 1) <= 0 || (hours.min[i] ?? 1) <= 0
    }
    if (!mayBeEmpty) return 0
    const during = await Promise.all(shelves.map((device) => readShelf(site, device, hour)))
    return emptyMinutes(hour, shelves, before, during.flat())
  }

  async function readShelf(site: string, device: string, hour: number): Promise<ShelfUnits[]> {
    const { readings } = await series.range({
      site,
      device,
      channel: 'units',
      from: hour,
      to: hour + hourMs,
      limit: readingsOfOneHour,
    })
    return readings.map(({ at, value }) => ({ device, at, units: value }))
  }

  return {
    isDue: (readings) => findDue(readings).size > 0,
    async derive(readings) {
      const due = findDue(readings)
      const parts: Reading[] = []
      for (const [site, { from, to, now }] of due)
        parts.push(...(await deriveSite(site, from, to, now)))
      return {
        derived: parts,
        settle() {
          for (const [site, { to }] of due)
            nextHours.set(site, Math.max(nextHours.get(site) ?? 0, to))
        },
      }
    },
  }
}

function lastBefore({ last, count }: HourlySeries, index: number): number | null {
  for (let i = index - 1; i >= 0; i--) if (count[i]! > 0) return last[i]!
  return null
}
