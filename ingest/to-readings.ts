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

/** What the readings of one part of a message are made of. */
export interface PartOfMessage {
  readonly message: {
    readonly topic: { readonly site: string; readonly device: string }
    readonly receivedAt: number
    readonly position: number
    readonly firstPlace: FirstPlace | null
  }
  readonly part: Telemetry
  /** Place of the part's first reading in the payload. */
  readonly firstIndex: number
  readonly isBelieved: boolean
  readonly quality: Quality
  /** What stands for the payload where another one had its number first; else null. */
  readonly aside: number | null
}

/**
 * Adds the readings of one part. One without seq is identified by its message's place in the first log that kept it, and its
 * readings by their place in the payload.
 */
export function addReadings(readings: Reading[], source: PartOfMessage): void {
  const { message, part, isBelieved, quality } = source
  const { site, device } = message.topic
  const { receivedAt, firstPlace } = message
  const { channels, values } = part
  const at = isBelieved && part.at !== null ? part.at : receivedAt
  const isNumbered = part.seq !== null
  const seq = part.seq ?? firstPlace?.position ?? message.position
  const boot = isNumbered ? part.boot : (firstPlace?.log ?? '')
  const firstIndex = isNumbered ? 0 : source.firstIndex
  const beside = source.aside === null ? 0 : (source.aside + 1) * placesOfOneMessage
  for (let i = 0; i < channels.length; i++) {
    const channel = channels[i]!
    const gtin = channelsOfProducts.includes(channel) ? part.gtin : null
    const isBeside = beside !== 0 && channelType(channel) === 'count'
    const index = firstIndex + i + (isBeside ? beside : 0)
    const value = values[i]!
    // prettier-ignore
    readings.push({ site, device, channel, gtin, at, receivedAt, value, seq, boot, index, quality })
  }
}
