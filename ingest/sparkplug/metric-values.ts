import { timeOf, type SparkplugMetric } from './payload.ts'

/** What a birth says of a metric, for the data that name it by alias only. */
export interface MetricDefinition {
  readonly name: string
  readonly datatype: number | null
}

export interface MetricValue {
  readonly name: string
  readonly value: number
  /** Epoch ms; null where neither metric nor payload has a time. */
  readonly at: number | null
  readonly isHistorical: boolean
}

/** Sparkplug 3.0, 6.4.16: signed whole numbers come as the unsigned number of the same bits. */
const signedBits: Readonly<Record<number, number>> = { 1: 8, 2: 16, 3: 32, 4: 64 }
const unsigned: readonly number[] = [5, 6, 7, 8]

/** What is set or asked, not measured. */
export const isControl = (name: string): boolean =>
  name === 'bdSeq' || /^(?:Node|Device) (?:Control|Info)\//.test(name)

/** Null where it is no number that we could keep exactly: a text, a data set, a template, a time, NaN, beyond 2^53. */
export function numberOf(metric: SparkplugMetric, datatype: number | null): number | null {
  const { intValue, longValue, floatValue, doubleValue, booleanValue } = metric
  if (booleanValue !== undefined) return booleanValue ? 1 : 0
  const real = doubleValue ?? (floatValue === undefined ? undefined : shortest(floatValue))
  if (real !== undefined) return Number.isFinite(real) ? real + 0 : null
  const bits = intValue ?? longValue
  if (bits === undefined || datatype === null) return null
  const width = signedBits[datatype]
  if (width === undefined && !unsigned.includes(datatype)) return null
  const whole = width === undefined ? BigInt(bits) : BigInt.asIntN(width, BigInt(bits))
  const number = Number(whole)
  return Number.isSafeInteger(number) ? number : null
}

/** A float of 32 bits as the decimal number that was meant: 4.2, not 4.199999809265137. */
function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits))
    if (Math.fround(rounded) === value) return rounded
  }
  return value
}

/** A metric's own time, or its payload's. */
export function timeOfMetric({ timestamp }: SparkplugMetric, payloadAt: number | null) {
  return timeOf(timestamp) ?? payloadAt
}
