import type { Quality, Reading } from '../../../domain/index.ts'

/**
 * How readings lie in InfluxDB. A point of `reading` is what one message says of one moment: tags site, device, gtin (of products)
 * and quality (where it is not good), a field for each channel, and `meta`, the rest of the readings as text: "seq delay channels boot".
 * Two messages of one millisecond are two points: what tells them apart makes the nanoseconds.
 */
export const measurement = 'reading'
export const metaField = 'meta'

/** Letters of the channels in `meta`. Never change one. */
const letters = new Map(
  [
    ...['units', 'grams', 'picked', 'celsius', 'humidityPct', 'doorOpen', 'in', 'out'],
    ...['sold', 'batteryPct', 'rssiDbm', 'outOfStockMinutes'],
  ].map((channel, index) => [channel, String.fromCharCode(97 + index)]),
)
/** No channel's name begins with an underscore. */
function keyOf(channel: string): string {
  return letters.get(channel) ?? `_${channel}:`
}

const channelName = /^[A-Za-z][A-Za-z0-9_]{0,63}$/
const taken: readonly string[] = ['time', 'site', 'device', 'gtin', 'quality', metaField]
// eslint-disable-next-line no-control-regex -- InfluxDB takes none of them in a tag
const untaggable = /[\\\u0000-\u001f\u007f]/
const plainBoot = /^[\w.:/+-]+$/

/** The last moment that InfluxDB can say, in ms. */
export const lastMoment = 9_223_372_036_853

/** Why a reading's names or time do not fit into InfluxDB, in words; null where they do. */
export function findLayoutProblem({ site, device, gtin, channel, at }: Reading): string | null {
  if (!channelName.test(channel)) return `The channel ${channel} is no name of letters and digits.`
  if (at > lastMoment) return 'InfluxDB keeps no time after the year 2262.'
  for (const name of [site, device, gtin ?? '-']) {
    if (name === '' || untaggable.test(name)) return `InfluxDB keeps no name like "${name}".`
  }
  return null
}

/** Names of tags and of what InfluxDB means by itself are no fields. A dot is in no channel. */
export function fieldOf(channel: string): string {
  return taken.includes(channel) ? `${channel}.` : channel
}

export function channelOf(field: string): string {
  return field.endsWith('.') ? field.slice(0, -1) : field
}

export function escapeTag(text: string): string {
  return /[ ,=]/.test(text) ? text.replace(/[ ,=]/g, '\\$&') : text
}

export function escapeText(text: string): string {
  return /["\\]/.test(text) ? text.replace(/["\\]/g, '\\$&') : text
}

/** The channels of readings [from, to) with the place of each in its message. */
export function encodeChannels(readings: readonly Reading[], from: number, to: number): string {
  let text = ''
  for (let i = from; i < to; i++) {
    const { channel, index } = readings[i]!
    text += `${i === from ? '' : ','}${keyOf(channel)}${index}`
  }
  return text
}

export function encodeMeta({ seq, receivedAt, at, boot }: Reading, channels: string): string {
  const written = plainBoot.test(boot)
    ? `=${boot}`
    : `~${Buffer.from(JSON.stringify(boot)).toString('base64url')}`
  return `${seq} ${receivedAt - at} ${channels} ${written}`
}

export interface PointMeta {
  readonly seq: number
  readonly delay: number
  readonly boot: string
  indexOf(channel: string): number
}

export function decodeMeta(text: string): PointMeta {
  const [seq, delay, channels = '', written = ''] = text.split(' ')
  const boot = written.startsWith('=')
    ? written.slice(1)
    : (JSON.parse(Buffer.from(written.slice(1), 'base64url').toString()) as string)
  return {
    ...{ seq: Number(seq), delay: Number(delay), boot },
    indexOf(channel) {
      const key = `,${keyOf(channel)}`
      const from = `,${channels}`.indexOf(key)
      return from < 0 ? 0 : Number.parseInt(channels.slice(from + key.length - 1), 10)
    },
  }
}

const ofOneMessage = 10_000

/**
 * Nanoseconds of a point within its millisecond: the seq, so that a hundred messages in a row never meet, and a hash of all else.
 * What is imported leaves its number and its receive time out, so that another number takes the place of the first.
 */
export function nanosecondsOf(
  readings: readonly Reading[],
  from: number,
  to: number,
  layer: number,
): string {
  const { seq, boot, receivedAt, quality } = readings[from]!
  let text = `${seq} ${boot} ${encodeChannels(readings, from, to)}`
  if (quality !== 'imported') {
    text += ` ${receivedAt}`
    for (let i = from; i < to; i++) text += ` ${readings[i]!.value}`
  }
  const turn = ((seq % 100) + 100) % 100
  const rest = (hash(text) + layer) % ofOneMessage
  return String(turn * ofOneMessage + rest).padStart(6, '0')
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++)
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0
  return value
}

export function qualityTag(quality: Quality): string {
  return quality === 'good' ? '' : `,quality=${quality}`
}
