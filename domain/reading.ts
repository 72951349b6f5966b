import type { DeviceKind } from './device.ts'

/** A channel of a level is what is now (writing it again changes nothing); a count is what happened (two are two). */
export type ChannelType = 'level' | 'count'

export interface Channel {
  readonly name: string
  readonly type: ChannelType
  readonly unit: string
  /** Kinds of device that send it; empty: any. */
  readonly kinds: readonly DeviceKind[]
}

export const channels: readonly Channel[] = [
  { name: 'units', type: 'level', unit: 'count', kinds: ['shelf'] },
  { name: 'grams', type: 'level', unit: 'g', kinds: ['shelf'] },
  { name: 'picked', type: 'count', unit: 'count', kinds: ['shelf'] },
  { name: 'celsius', type: 'level', unit: 'Cel', kinds: ['probe'] },
  { name: 'humidityPct', type: 'level', unit: '%RH', kinds: ['probe'] },
  { name: 'doorOpen', type: 'level', unit: '1', kinds: ['probe'] },
  { name: 'in', type: 'count', unit: 'count', kinds: ['footfall'] },
  { name: 'out', type: 'count', unit: 'count', kinds: ['footfall'] },
  { name: 'sold', type: 'count', unit: 'count', kinds: ['till'] },
  { name: 'batteryPct', type: 'level', unit: '%', kinds: [] },
  { name: 'rssiDbm', type: 'level', unit: 'dBm', kinds: [] },
]

/** The device name under which derived and imported series of a site are kept. */
export const derivedDevice = 'derived'
/**
 * Derived channel, one value per (site, gtin, hour): minutes of that hour in which the product was out of stock.
 * Identity (series, at = start of the hour); a later correction has the larger seq.
 */
export const outOfStockMinutes = 'outOfStockMinutes'

/** Of a site: how often the doors of its cold zones went from shut to open in the hour, and for how many minutes they stood open. */
export const doorOpenings = 'doorOpenings'
export const doorOpenMinutes = 'doorOpenMinutes'
/** Of a product: units taken off and put on shelves whose firmware does not count picks, in the hour. */
export const shelfPicks = 'shelfPicks'
export const shelfRefills = 'shelfRefills'
/** Of a product: units on shelves that only weigh, at the end of the hour. */
export const shelfUnits = 'shelfUnits'

/** What ingest derives of each full hour under the device `derived`: levels, `at` the start of the hour; the larger seq is the later word. */
export const derivedChannels: readonly { readonly name: string; readonly unit: string }[] = [
  { name: outOfStockMinutes, unit: 'min' },
  { name: doorOpenings, unit: 'count' },
  { name: doorOpenMinutes, unit: 'min' },
  { name: shelfPicks, unit: 'count' },
  { name: shelfRefills, unit: 'count' },
  { name: shelfUnits, unit: 'count' },
]

/** Level or count; an unknown channel is a level. */
export function channelType(channel: string): ChannelType {
  return channels.find((known) => known.name === channel)?.type ?? 'level'
}

/**
 * good: as the device said. clock: the device's time was not believed, `at` is the receive time.
 * sequence: the same (boot, seq) came with another payload. unregistered: from a device nobody has adopted.
 * imported: from a bulk import.
 */
export type Quality = 'good' | 'clock' | 'sequence' | 'unregistered' | 'imported'

/** One number of one channel at one moment. Its identity: level (series, at); count (series, boot, seq, index). */
export interface Reading {
  readonly site: string
  readonly device: string
  readonly channel: string
  /** GTIN-14, or null where the channel has none. */
  readonly gtin: string | null
  readonly at: number
  readonly receivedAt: number
  readonly value: number
  readonly seq: number
  readonly boot: string
  /** Place within its message, so that two sales in one message are two. */
  readonly index: number
  readonly quality: Quality
}
