import { badPayload } from './telemetry.ts'

/** A record with its base fields worked in (RFC 8428, 4.6), as far as it is a number. */
export interface SenmlRecord {
  readonly name: string
  /** Of the IANA SenML units; empty where none is given. */
  readonly unit: string
  readonly value: number
  /** Epoch ms; null where the record is of now. */
  readonly at: number | null
}

type Json = Readonly<Record<string, unknown>>

const newestVersion = 10
/** A smaller number of seconds is relative to now (RFC 8428, 4.5.3). */
const smallestAbsoluteSeconds = 2 ** 28
/** RFC 8428, 4.5.1; an urn:dev name has at most so many characters here. */
const longestName = 256

/** Base fields hold from their record on. Texts and data are passed over: a series is of numbers. */
export function resolveSenml(records: readonly Json[], receivedAt: number): readonly SenmlRecord[] {
  const base = { name: '', unit: '', seconds: 0, value: 0, sum: 0 }
  const resolved: SenmlRecord[] = []
  for (const record of records) {
    checkFields(record)
    base.name = text(record, 'bn') ?? base.name
    base.unit = text(record, 'bu') ?? base.unit
    base.seconds = number(record, 'bt') ?? base.seconds
    base.value = number(record, 'bv') ?? base.value
    base.sum = number(record, 'bs') ?? base.sum
    const value = valueOf(record, base)
    if (value === null) continue
    const name = base.name + (text(record, 'n') ?? '')
    if (name.length > longestName)
      throw badPayload('bad-channel', `A SenML name has at most ${longestName} characters.`)
    const at = timeOf(base.seconds + (number(record, 't') ?? 0), receivedAt)
    resolved.push({ name, unit: text(record, 'u') ?? base.unit, value, at })
  }
  return resolved
}

/** The value, a truth as 0 or 1, or the sum; null where there is none, or none that is a number. */
function valueOf(
  record: Json,
  base: { readonly value: number; readonly sum: number },
): number | null {
  const value = number(record, 'v')
  if (value !== null) return base.value + value
  if (record.vb !== undefined) {
    if (typeof record.vb === 'boolean') return record.vb ? 1 : 0
    throw badPayload('not-a-number', '"vb" is true or false.')
  }
  const sum = number(record, 's')
  return sum === null ? null : base.sum + sum
}

function timeOf(seconds: number, receivedAt: number): number | null {
  if (seconds === 0) return null
  const ms = Math.round(seconds * 1000)
  return seconds >= smallestAbsoluteSeconds ? ms : receivedAt + ms
}

/** A version from the future and a field that must be understood are refused (RFC 8428, 4.4 and 4.3). */
function checkFields(record: Json): void {
  const version = number(record, 'bver')
  if (version !== null && version > newestVersion)
    throw badPayload('unknown-field', `SenML version ${version} is newer than ${newestVersion}.`)
  const mustUnderstand = Object.keys(record).find((key) => key.endsWith('_'))
  if (mustUnderstand !== undefined)
    throw badPayload('unknown-field', `The field ${mustUnderstand} must be understood, and is not.`)
}

function number(record: Json, field: string): number | null {
  const value = record[field]
  if (value === undefined) return null
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw badPayload('not-a-number', `"${field}" is not a finite number.`)
}

function text(record: Json, field: string): string | null {
  const value = record[field]
  if (value === undefined) return null
  if (typeof value === 'string') return value
  throw badPayload('bad-channel', `"${field}" is not a text.`)
}
