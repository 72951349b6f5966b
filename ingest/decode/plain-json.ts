import { deviceKinds, fromRfc3339, normaliseGtin } from '../../domain/index.ts'
import { readPlainBytes } from './plain-json-bytes.ts'
import { parseStrictJson } from './strict-json.ts'
import { badPayload, maxReadings, type PayloadDecoder, type Telemetry } from './telemetry.ts'

type JsonObject = Readonly<Record<string, unknown>>

/** The default format: `{"seq":1,"boot":"…","at":…,"gtin":"…","values":{"units":12}}`, or an array of such. Keys it does not know are passed over. */
export const plainJson: PayloadDecoder = {
  name: 'json',
  accepts: () => true,
  decode(payload, receivedAt, textOf) {
    const usual = readPlainBytes(payload, textOf)
    return usual === null ? strictPlainJson.decode(payload, receivedAt) : [usual]
  },
}

/** The whole of it, and what is wrong with a payload. */
export const strictPlainJson: PayloadDecoder = {
  name: 'json',
  accepts: () => true,
  decode(payload) {
    const value = parseStrictJson(payload)
    const items: readonly unknown[] = Array.isArray(value) ? value : [value]
    if (items.length === 0) throw badPayload('empty', 'The array is empty.')
    if (items.length > maxReadings) throw tooMany()
    const messages = items.map(readTelemetry)
    if (messages.reduce((sum, { values }) => sum + values.length, 0) > maxReadings) throw tooMany()
    return messages
  },
}

function tooMany(): Error {
  return badPayload('too-many-readings', `One payload carries at most ${maxReadings} readings.`)
}

function readTelemetry(item: unknown): Telemetry {
  if (!isObject(item)) throw badPayload('not-an-object', 'A message is a JSON object.')
  const gtin = readGtin(item.gtin)
  const { channels, values } = readValues(item.values)
  if (gtin === null && channels.includes('sold')) {
    throw badPayload('bad-gtin', '"sold" needs the product\'s "gtin" beside "values".')
  }
  checkKind(item.kind)
  return {
    seq: readSeq(item.seq),
    boot: readBoot(item.boot),
    at: readTime(item.at),
    gtin,
    channels,
    values,
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const channelName = /^[A-Za-z][A-Za-z0-9_]{0,63}$/

function readValues(values: unknown): Pick<Telemetry, 'channels' | 'values'> {
  if (!isObject(values)) throw badPayload('missing-values', '"values" is missing or no object.')
  const channels = Object.keys(values)
  if (channels.length === 0) throw badPayload('missing-values', '"values" is empty.')
  const numbers = channels.map((channel) => {
    if (!channelName.test(channel)) {
      throw badPayload('bad-channel', 'A channel is 1 to 64 letters, digits or _, a letter first.')
    }
    const value = values[channel]
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      throw badPayload('not-a-number', `The value of ${channel} is not a finite number.`)
    }
    // -0 is 0, or the same reading would have two payloads.
    return value === 0 ? 0 : value
  })
  return { channels, values: numbers }
}

function readSeq(seq: unknown): number | null {
  if (seq === undefined) return null
  if (Number.isSafeInteger(seq) && (seq as number) >= 0) return seq as number
  throw badPayload('bad-seq', '"seq" is a whole number from 0 to 2^53 - 1.')
}

/** Also the boot of a state message. */
export function readBoot(boot: unknown): string {
  if (boot === undefined) return ''
  if (typeof boot === 'string' && boot.length > 0 && boot.length <= 128) return boot
  if (typeof boot === 'number' && Number.isSafeInteger(boot) && boot >= 0) return String(boot)
  throw badPayload('bad-boot', '"boot" is a text of 1 to 128 characters or a whole number.')
}

function readTime(at: unknown): number | null {
  if (at === undefined) return null
  if (Number.isSafeInteger(at)) return at as number
  if (typeof at === 'string') {
    try {
      return fromRfc3339(at)
    } catch {
      // Said below, with the other way to write it.
    }
  }
  throw badPayload('bad-time', '"at" is epoch milliseconds or an RFC 3339 time with an offset.')
}

function readGtin(gtin: unknown): string | null {
  if (gtin === undefined) return null
  const normal = typeof gtin === 'string' ? normaliseGtin(gtin) : null
  if (normal !== null) return normal
  throw badPayload(
    'bad-gtin',
    '"gtin" is a text of 8, 12, 13 or 14 digits with a right check digit.',
  )
}

function checkKind(kind: unknown): void {
  if (kind === undefined || (deviceKinds as readonly unknown[]).includes(kind)) return
  throw badPayload('bad-kind', `"kind" is one of ${deviceKinds.join(', ')}.`)
}
