import { LarderError, type DeadLetterReason } from '../../domain/index.ts'
import type { ReadText } from '../../runtime/index.ts'

/** One message of a device as its payload says it: nothing believed yet, nothing looked up. */
export interface Telemetry {
  /** Null where the device counts nothing: its place in the log identifies it. */
  readonly seq: number | null
  readonly boot: string
  /** Epoch ms of the device's clock; null where it has none. */
  readonly at: number | null
  /** GTIN-14. */
  readonly gtin: string | null
  readonly channels: readonly string[]
  readonly values: readonly number[]
}

/** A payload format. `accepts` tells it by content alone, and cheaply. */
export interface PayloadDecoder {
  readonly name: string
  accepts(payload: Uint8Array): boolean
  /**
   * Throws `badPayload` where the payload is not right. `receivedAt` is for formats whose times may be relative to now, `textOf`
   * for those that have their names from bytes.
   */
  decode(payload: Uint8Array, receivedAt: number, textOf?: ReadText): readonly Telemetry[]
}

/** Most readings of one payload. */
export const maxReadings = 1000

export function badPayload(reason: DeadLetterReason, words: string): LarderError {
  return new LarderError('RT_PAYLOAD_INVALID', words, { details: { reason } })
}

/** The same number for the same content: boot, seq and receive time are not in it. FNV-1a over text and the bits of numbers. */
export function hashTelemetry({ at, gtin, channels, values }: Telemetry): number {
  let hash = hashNumber(0x811c9dc5, at ?? -1)
  if (gtin !== null) hash = hashText(hash, gtin)
  for (let i = 0; i < channels.length; i++)
    hash = hashNumber(hashText(hash, channels[i]!), values[i]!)
  return hash >>> 0
}

function hashText(start: number, text: string): number {
  let hash = start
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash
}

/** Whole numbers by their two halves, and what stands behind the dot likewise; the very small and the very large by their decimal text, which is exact. */
function hashNumber(start: number, value: number): number {
  if (Number.isSafeInteger(value)) return hashHalves(start, value)
  const size = Math.abs(value)
  if (size < smallestByParts || size > Number.MAX_SAFE_INTEGER)
    return hashText(start, String(value))
  const whole = Math.trunc(value)
  const part = (value - whole) * 0x1_0000_0000
  const upper = Math.trunc(part)
  const lower = (part - upper) * 0x1_0000_0000
  return hashHalves(hashHalves(hashHalves(start, whole), upper), Math.trunc(lower))
}

/** Behind the dot 64 bits are looked at: a number of 53 that is no smaller has none beyond them. */
const smallestByParts = 2 ** -11

function hashHalves(start: number, whole: number): number {
  const low = whole | 0
  const high = Math.floor(whole / 0x1_0000_0000) | 0
  return Math.imul(Math.imul(start ^ low, 0x01000193) ^ (low >>> 16) ^ high, 0x01000193)
}
