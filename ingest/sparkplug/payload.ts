import protobuf from 'protobufjs/light.js'
import { badPayload } from '../decode/telemetry.ts'

/** A metric of a Sparkplug payload as it came: what is not there is not said. */
export interface SparkplugMetric {
  readonly name?: string
  readonly alias?: string
  readonly timestamp?: string
  readonly datatype?: number
  readonly isHistorical?: boolean
  readonly isNull?: boolean
  readonly intValue?: number
  readonly longValue?: string
  readonly floatValue?: number
  readonly doubleValue?: number
  readonly booleanValue?: boolean
}

export interface SparkplugPayload {
  /** Epoch ms; null where the payload has none. */
  readonly at: number | null
  /** 0 to 255; null where the payload has none (NDEATH). */
  readonly seq: number | null
  readonly metrics: readonly SparkplugMetric[]
}

/** A 0 that is set is written, as in proto2: the first seq is one. */
const options = { features: { field_presence: 'EXPLICIT' } }

/**
 * The part of `sparkplug_b.proto` (Eclipse Tahu) that holds numbers. Texts, bytes, data sets, templates and properties are passed
 * over as unknown fields, so that a metric of theirs has no value here.
 */
const Payload = protobuf.Root.fromJSON({
  nested: {
    Payload: {
      options,
      fields: {
        timestamp: { type: 'uint64', id: 1 },
        metrics: { rule: 'repeated', type: 'Metric', id: 2 },
        seq: { type: 'uint64', id: 3 },
      },
    },
    Metric: {
      options,
      oneofs: {
        value: {
          oneof: ['intValue', 'longValue', 'floatValue', 'doubleValue', 'booleanValue'],
        },
      },
      fields: {
        name: { type: 'string', id: 1 },
        alias: { type: 'uint64', id: 2 },
        timestamp: { type: 'uint64', id: 3 },
        datatype: { type: 'uint32', id: 4 },
        isHistorical: { type: 'bool', id: 5 },
        isNull: { type: 'bool', id: 7 },
        intValue: { type: 'uint32', id: 10 },
        longValue: { type: 'uint64', id: 11 },
        floatValue: { type: 'float', id: 12 },
        doubleValue: { type: 'double', id: 13 },
        booleanValue: { type: 'bool', id: 14 },
      },
    },
  },
}).lookupType('Payload')

const highestSeq = 255
const mostMetrics = 10_000

export function readSparkplug(bytes: Uint8Array): SparkplugPayload {
  const { timestamp, seq, metrics = [] } = parse(bytes)
  if (metrics.length > mostMetrics)
    throw badPayload('too-many-readings', `One payload carries at most ${mostMetrics} metrics.`)
  const number = seq === undefined ? null : Number(seq)
  if (number !== null && number > highestSeq)
    throw badPayload('bad-seq', '"seq" of a Sparkplug payload is 0 to 255.')
  return { at: timeOf(timestamp), seq: number, metrics }
}

/** Null where there is none; a time beyond what a number holds is no time. */
export function timeOf(timestamp: string | undefined): number | null {
  if (timestamp === undefined) return null
  const at = Number(timestamp)
  if (!Number.isSafeInteger(at)) throw badPayload('bad-time', 'A timestamp is epoch milliseconds.')
  return at
}

interface Parsed {
  readonly timestamp?: string
  readonly seq?: string
  readonly metrics?: readonly SparkplugMetric[]
}

function parse(bytes: Uint8Array): Parsed {
  try {
    return Payload.toObject(Payload.decode(bytes), { longs: String })
  } catch {
    throw badPayload('not-sparkplug', 'The payload is not a Sparkplug B payload (protobuf).')
  }
}

/** `Node Control/Rebirth` = true (Sparkplug 3.0, 6.4.17): asks an edge node for its births. */
export function rebirthPayload(at: number): Uint8Array {
  const metric = { name: 'Node Control/Rebirth', timestamp: at, datatype: 11, booleanValue: true }
  return writeSparkplug({ timestamp: at, metrics: [metric] })
}

export function writeSparkplug(payload: object): Uint8Array {
  return Payload.encode(Payload.fromObject(payload)).finish()
}
