import {
  channelType,
  minuteMs,
  type FirstPlace,
  type Quality,
  type Reading,
} from '../domain/index.ts'
import type { Telemetry } from './decode/telemetry.ts'

/** No device of ours kept a clock before then: an earlier time is a clock that was never set. */
const earliestDeviceTime = Date.UTC(2020, 0, 1)
/** Channels whose readings are of a product. A shelf's product is the planogram's word, never the message's. */
const channelsOfProducts: readonly string[] = ['sold']
/** Counts of a faulty message stand beside those that had its number first: (hash + 1) x this + index. */
const placesOfOneMessage = 1024

export function isClockBelieved(
  at: number | null,
  receivedAt: number,
  clockAheadMinutes: number,
): boolean {
  return (
    at === null || (at >= earliestDeviceTime && at <= receivedAt + clockAheadMinutes * minuteMs)
  )
}

/**
 * Readings of one message. A message without seq is identified by its place in the first log that kept it, and its
 * readings by their place in the payload.
 */
export function toReadings(
  part: Telemetry,
  context: {
    readonly site: string
    readonly device: string
    readonly receivedAt: number
    readonly position: number
    readonly firstPlace: FirstPlace | null
    /** Place of the part's first reading in the payload. */
    readonly firstIndex: number
    readonly isBelieved: boolean
    readonly quality: Quality
    readonly hash: number
  },
): Reading[] {
  const { site, device, receivedAt, firstPlace, isBelieved, quality, hash } = context
  const at = isBelieved && part.at !== null ? part.at : receivedAt
  const firstIndex = part.seq === null ? context.firstIndex : 0
  const aside = quality === 'sequence' ? (hash + 1) * placesOfOneMessage : 0
  return part.channels.map((channel, i) => ({
    site,
    device,
    channel,
    gtin: channelsOfProducts.includes(channel) ? part.gtin : null,
    at,
    receivedAt,
    value: part.values[i]!,
    seq: part.seq ?? firstPlace?.position ?? context.position,
    boot: part.seq === null ? (firstPlace?.log ?? '') : part.boot,
    index: firstIndex + i + (aside !== 0 && channelType(channel) === 'count' ? aside : 0),
    quality,
  }))
}
