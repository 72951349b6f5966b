import { decode as decodeCbor } from 'cborg'
import { normaliseGtin } from '../../domain/index.ts'
import { isObject } from './plain-json.ts'
import { resolveSenml, type SenmlRecord } from './senml-records.ts'
import { parseStrictJson } from './strict-json.ts'
import { badPayload, maxReadings, type PayloadDecoder, type Telemetry } from './telemetry.ts'
import { toChannel } from './senml-units.ts'

/** A first key that only SenML has: plain messages have none of them. */
const senmlStart = /^\s*\[\s*\{\s*"(?:bver|bn|bt|bu|bv|bs|n|u|v|vs|vb|vd|s|t|ut)"\s*:/
const looksAtBytes = 64
const openBrace = 0x7b

/** Labels of SenML in CBOR (RFC 8428, 6 and table 4). */
const labels = new Map<unknown, string>([
  ...([
    [-1, 'bver'],
    [-2, 'bn'],
    [-3, 'bt'],
    [-4, 'bu'],
    [-5, 'bv'],
    [-6, 'bs'],
  ] as const),
  ...([
    [0, 'n'],
    [1, 'u'],
    [2, 'v'],
    [3, 'vs'],
    [4, 'vb'],
    [5, 's'],
    [6, 't'],
    [7, 'ut'],
  ] as const),
  [8, 'vd'],
])

/** SenML in JSON (RFC 8428, 5). */
export const senmlJson: PayloadDecoder = {
  name: 'senml+json',
  accepts: (payload) =>
    payload[0] !== openBrace &&
    senmlStart.test(Buffer.from(payload.subarray(0, looksAtBytes)).toString('latin1')),
  decode(payload, receivedAt) {
    const pack = parseStrictJson(payload) as readonly unknown[]
    return toTelemetry(pack, receivedAt)
  },
}

/** SenML in CBOR (RFC 8428, 6): an array, which no JSON text begins like. */
export const senmlCbor: PayloadDecoder = {
  name: 'senml+cbor',
  accepts: ([first = 0]) => first >= 0x80 && first <= 0x9f,
  decode(payload, receivedAt) {
    return toTelemetry(parseCbor(payload).map(withNames), receivedAt)
  },
}

function parseCbor(payload: Uint8Array): readonly unknown[] {
  try {
    const pack: unknown = decodeCbor(payload, {
      useMaps: true,
      rejectDuplicateMapKeys: true,
      allowUndefined: false,
    })
    if (Array.isArray(pack)) return pack
  } catch {
    // Said below: the library's words name its own inside.
  }
  throw badPayload('not-cbor', 'The payload is not an array in CBOR.')
}

function withNames(record: unknown): unknown {
  if (!(record instanceof Map)) return record
  const named = [...(record as Map<unknown, unknown>)].map(
    ([label, value]) => [labels.get(label) ?? String(label), value] as const,
  )
  return Object.fromEntries(named)
}

function toTelemetry(pack: readonly unknown[], receivedAt: number): readonly Telemetry[] {
  if (pack.length === 0) throw badPayload('empty', 'The array is empty.')
  if (pack.length > maxReadings)
    throw badPayload('too-many-readings', `One payload carries at most ${maxReadings} readings.`)
  const records = pack.map((record) => {
    if (!isObject(record)) throw badPayload('not-an-object', 'A SenML record is an object.')
    return record
  })
  const numbers = resolveSenml(records, receivedAt)
  if (numbers.length === 0)
    throw badPayload('missing-values', 'No record of the SenML pack has a number.')
  return numbers.map(toPart)
}

/** `celsius`, `sold/4006381333931`, or a longer name that ends so; without a name the unit tells the channel. */
function toPart({ name, unit, value, at }: SenmlRecord): Telemetry {
  const parts = name.split(/[/:]/).filter((part) => part !== '')
  const gtin = normaliseGtin(parts.at(-1) ?? '')
  if (gtin !== null) parts.pop()
  const { channel, value: converted } = toChannel(parts.at(-1) ?? '', unit, value)
  if (channel === 'sold' && gtin === null)
    throw badPayload('bad-gtin', 'A record of "sold" is named sold/GTIN.')
  return { ...{ seq: null, boot: '', at, gtin }, channels: [channel], values: [converted] }
}
