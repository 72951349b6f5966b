import { fromRfc3339, matchTopic } from '../../domain/index.ts'
import { toChannel } from '../decode/senml-units.ts'
import { parseStrictJson } from '../decode/strict-json.ts'
import { badPayload, type Telemetry } from '../decode/telemetry.ts'
import type { ChannelRule, MessageRule, Profile } from './profile.ts'

/** What the first profile that knows the topic reads from the payload: nothing, where it says so; null where none knows it. */
export function decodeByProfile(
  topic: string,
  payload: Uint8Array,
  profiles: readonly Profile[],
): readonly Telemetry[] | null {
  const found = findRules(topic, profiles)
  return found && decode(payload, found.profile, found.rules)
}

/** Whether the topic is known as one that never holds a reading, such as a bridge's words about itself. */
export function saysNothing(topic: string, profiles: readonly Profile[]): boolean {
  return findRules(topic, profiles)?.rules.every(isSilent) ?? false
}

const isSilent = ({ channels }: MessageRule): boolean => channels.length === 0

/** The first profile that knows the topic; null where none does. */
export function findRules(
  topic: string,
  profiles: readonly Profile[],
): { readonly profile: Profile; readonly rules: readonly MessageRule[] } | null {
  for (const profile of profiles) {
    const rules = profile.messages.filter((rule) => matchTopic(rule.topic, topic) !== null)
    if (rules.length > 0) return { profile, rules }
  }
  return null
}

function decode(
  payload: Uint8Array,
  { name }: Profile,
  rules: readonly MessageRule[],
): readonly Telemetry[] {
  if (rules.every(isSilent)) return []
  const value = parseStrictJson(payload)
  for (const rule of rules) {
    if (!isMeant(value, rule)) continue
    if (isSilent(rule)) return []
    const readings = rule.channels.flatMap((channel) => readChannel(value, channel) ?? [])
    if (readings.length === 0) continue
    return [
      {
        ...{ seq: null, boot: '', gtin: null, at: readTime(value, rule) },
        channels: readings.map(({ channel }) => channel),
        values: readings.map(({ value: number }) => number),
      },
    ]
  }
  throw badPayload('missing-values', `The profile ${name} finds none of its channels in it.`)
}

function isMeant(value: unknown, { when }: MessageRule): boolean {
  if (!when) return true
  const text = follow(value, when.pointer)
  return typeof text === 'string' && text.startsWith(when.startsWith)
}

/** Null where the message does not have the channel: devices send what has changed. */
export function readChannel(
  payload: unknown,
  rule: ChannelRule,
): { readonly channel: string; readonly value: number } | null {
  const found = follow(payload, rule.pointer)
  if (found === undefined || found === null) return null
  const number = toNumber(found, rule)
  if (number === null || rule.none?.includes(number)) return null
  const scaled = number * (rule.scale ?? 1) + (rule.offset ?? 0)
  // What a factor like 0.005 leaves behind the twelfth digit is no measurement.
  const exact = rule.scale === undefined ? scaled : Number(scaled.toPrecision(12))
  return toChannel(rule.channel, rule.unit ?? '', exact)
}

function toNumber(found: unknown, { channel, bytes, values, pointer }: ChannelRule): number | null {
  if (bytes) return readBytes(found, bytes)
  if (values && (typeof found === 'boolean' || typeof found === 'string')) {
    const number = new Map(Object.entries(values)).get(String(found))
    if (number !== undefined) return number
  }
  if (typeof found === 'number' && Number.isFinite(found)) return found
  throw badPayload('not-a-number', `What stands at ${pointer} is no number for ${channel}.`)
}

function readBytes(text: unknown, { encoding, at, type }: NonNullable<ChannelRule['bytes']>) {
  const bytes = Buffer.from(typeof text === 'string' ? text : '', encoding)
  const size = type.includes('8') ? 1 : 2
  if (at + size > bytes.length)
    throw badPayload('not-a-number', `The ${encoding} text ends before byte ${at + size}.`)
  const read: Record<typeof type, () => number> = {
    int8: () => bytes.readInt8(at),
    uint8: () => bytes.readUInt8(at),
    int16be: () => bytes.readInt16BE(at),
    uint16be: () => bytes.readUInt16BE(at),
    int16le: () => bytes.readInt16LE(at),
    uint16le: () => bytes.readUInt16LE(at),
  }
  return read[type]()
}

function readTime(payload: unknown, { at }: MessageRule): number | null {
  if (!at) return null
  const found = follow(payload, at.pointer)
  if (typeof found !== 'string' && typeof found !== 'number') return null
  if (at.format === 'rfc3339') {
    try {
      return fromRfc3339(String(found))
    } catch {
      throw badPayload('bad-time', `What stands at ${at.pointer} is no RFC 3339 time.`)
    }
  }
  const number = Number(found)
  if (!Number.isFinite(number))
    throw badPayload('bad-time', `What stands at ${at.pointer} is no number of a time.`)
  return Math.round(at.format === 'epoch-s' ? number * 1000 : number)
}

/** RFC 6901; undefined where nothing stands there. */
function follow(value: unknown, pointer: string): unknown {
  let at = value
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Record<string, unknown>)[key]
  }
  return at
}
