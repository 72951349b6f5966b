import { hourMs, minuteMs } from './clock.ts'
import { LarderError } from './errors.ts'
import { idPattern, isName } from './ids.ts'
import type { DeadLetterReason } from './message.ts'
import { fromRfc3339 } from './zone.ts'

/** One quantity of what is known from outside about hours to come or gone. */
export interface Signal {
  readonly name: string
  readonly unit: string
  readonly least: number
  readonly most: number
  /** What holds where nobody said anything; null: then it is not known. */
  readonly absent: number | null
  /** A person's word for it. */
  readonly words: string
}

export const signals = [
  { name: 'weather-temperature', unit: 'Cel', least: -90, most: 70, absent: null, words: 'warmth' },
  { name: 'weather-precipitation', unit: 'mm', least: 0, most: 500, absent: null, words: 'rain' },
  { name: 'weather-humidity', unit: '%RH', least: 0, most: 100, absent: null, words: 'humidity' },
  { name: 'weather-wind', unit: 'm/s', least: 0, most: 150, absent: null, words: 'wind' },
  { name: 'discount', unit: '1', least: 0, most: 2, absent: 1, words: 'discount' },
  { name: 'activity', unit: '1', least: 0, most: 10, absent: 0, words: 'activity' },
  { name: 'holiday', unit: '1', least: 0, most: 1, absent: 0, words: 'holiday' },
  { name: 'event', unit: 'count', least: 0, most: 1e7, absent: 0, words: 'event near by' },
  { name: 'interest', unit: '1', least: 0, most: 1000, absent: 1, words: 'social interest' },
] as const satisfies readonly Signal[]
export type SignalName = (typeof signals)[number]['name']

export const signalNames: readonly SignalName[] = signals.map(({ name }) => name)

/** forecast: said beforehand, of what is planned too. measured: what came. */
export const contextBases = ['forecast', 'measured'] as const
export type ContextBasis = (typeof contextBases)[number]

/**
 * What somebody outside said, at one moment, about a signal over hours. For the same hours a newer issue replaces an older one,
 * in whatever order they arrive; the older is kept, for it is what was known until then.
 */
export interface ContextIssue {
  /** `{signal}.{basis}.{site or city:}[.{product}].{start, epoch minutes}.{issuedAt}`: the same words again are the same issue. */
  readonly id: string
  readonly signal: SignalName
  readonly basis: ContextBasis
  /** Null: the whole city. */
  readonly site: string | null
  /** Null: all products. */
  readonly product: string | null
  readonly startAt: number
  readonly endAt: number
  /** One for the whole stretch, or one for each hour from its start; none: what was said of these hours is withdrawn. */
  readonly values: readonly number[]
  readonly unit: string
  readonly words: string | null
  /** When it came to be known, by whoever says it. */
  readonly issuedAt: number
  readonly receivedAt: number
  /** `replaced`: a newer issue covers all of its hours. */
  readonly status: 'current' | 'replaced'
}

export const mostContextHours = 400
const longestMs = 400 * 24 * hourMs
const mostAheadMs = 10 * minuteMs
const productId = new RegExp(idPattern)

export function signalOf(name: string): Signal | null {
  return signals.find((one) => one.name === name) ?? null
}

/** Of what an issue speaks: issues of one subject replace each other. */
export function contextSubject(
  issue: Pick<ContextIssue, 'signal' | 'basis' | 'site' | 'product'>,
): string {
  const place = `${issue.signal}.${issue.basis}.${issue.site ?? 'city:'}`
  return issue.product === null ? place : `${place}.${issue.product}`
}

export function contextId(
  issue: Pick<ContextIssue, 'signal' | 'basis' | 'site' | 'product' | 'startAt' | 'issuedAt'>,
): string {
  return `${contextSubject(issue)}.${Math.floor(issue.startAt / minuteMs)}.${issue.issuedAt}`
}

/** The same hours, with nothing said of them any more. */
export function withdrawnContext(issue: ContextIssue, at: number): ContextIssue {
  const later = { ...issue, values: [], issuedAt: at, receivedAt: at, status: 'current' as const }
  return { ...later, id: contextId(later) }
}

/**
 * An issue out of what came over the wire, the API or a file: `{signal, site, product, start, end, value | values, unit, issuedAt,
 * basis, words, withdraw}`, times as RFC 3339 or epoch ms. Without `end` it holds for as many hours as there are values; without
 * `issuedAt` it is of now. Throws RT_PAYLOAD_INVALID (details: reason) in words for whoever sent it.
 */
export function readContextIssue(
  given: Readonly<Record<string, unknown>>,
  receivedAt: number,
): ContextIssue {
  const signal = readSignal(given.signal)
  const site = readSite(given.site)
  const product = readProduct(given.product)
  const basis = readBasis(given.basis)
  const values = readValues(given, signal)
  const startAt = readTime(given.start, 'start')
  const endAt =
    given.end === undefined
      ? startAt + Math.max(1, values.length) * hourMs
      : readTime(given.end, 'end')
  const issuedAt = given.issuedAt === undefined ? receivedAt : readTime(given.issuedAt, 'issuedAt')
  if (endAt <= startAt || endAt - startAt > longestMs)
    throw bad('bad-time', '"end" comes after "start", and at most 400 days after it.')
  if (values.length > 1 && startAt + values.length * hourMs !== endAt)
    throw bad('bad-time', '"values" are one for each hour from "start" to "end".')
  if (issuedAt > receivedAt + mostAheadMs)
    throw bad('bad-time', '"issuedAt" lies ahead of now: it is when this came to be known.')
  if (basis === 'measured' && startAt > receivedAt + mostAheadMs)
    throw bad('bad-time', 'What is measured has begun: these hours lie ahead.')
  const issue = { signal: signal.name as SignalName, basis, site, product, startAt, issuedAt }
  return {
    ...{ ...issue, id: contextId(issue), endAt, values, unit: signal.unit },
    ...{ words: readWords(given.words), receivedAt, status: 'current' },
  }
}

function bad(reason: DeadLetterReason, words: string): LarderError {
  return new LarderError('RT_PAYLOAD_INVALID', words, { details: { reason } })
}

function readSignal(name: unknown): Signal {
  const signal = typeof name === 'string' ? signalOf(name) : null
  if (signal) return signal
  throw bad('bad-context', `"signal" is one of ${signalNames.join(', ')}.`)
}

function readSite(site: unknown): string | null {
  if (site === undefined || site === null) return null
  if (typeof site === 'string' && isName(site)) return site
  throw bad('bad-context', '"site" is the name of a site; without it, the whole city is meant.')
}

function readProduct(product: unknown): string | null {
  if (product === undefined || product === null) return null
  if (typeof product === 'string' && productId.test(product)) return product
  throw bad('bad-context', '"product" is the id of a product; without it, all are meant.')
}

function readBasis(basis: unknown): ContextBasis {
  if (basis === undefined) return 'forecast'
  if (contextBases.includes(basis as ContextBasis)) return basis as ContextBasis
  throw bad('bad-context', `"basis" is ${contextBases.join(' or ')}.`)
}

function readWords(words: unknown): string | null {
  if (words === undefined || words === null) return null
  if (typeof words === 'string' && words.length <= 200) return words
  throw bad('bad-context', '"words" is a text of at most 200 characters.')
}

function readValues(given: Readonly<Record<string, unknown>>, signal: Signal): readonly number[] {
  const { value, values, unit, withdraw } = given
  if (unit !== undefined && unit !== signal.unit)
    throw bad('bad-unit', `${signal.name} is in "${signal.unit}".`)
  if (withdraw === true && value === undefined && values === undefined) return []
  if (withdraw !== undefined && withdraw !== false)
    throw bad('bad-context', '"withdraw" is true, and then there is no value.')
  const list: readonly unknown[] = Array.isArray(values) ? values : [value]
  if ((values === undefined) === (value === undefined) || list.length === 0)
    throw bad('missing-values', 'Give "value" for all of it, or "values", one for each hour.')
  if (list.length > mostContextHours)
    throw bad('too-many-readings', `One issue has at most ${mostContextHours} hours.`)
  return list.map((number) => {
    const isRight = typeof number === 'number' && number >= signal.least && number <= signal.most
    if (isRight) return number === 0 ? 0 : number
    throw bad(
      'not-a-number',
      `A value of ${signal.name} is a number from ${signal.least} to ${signal.most} ${signal.unit}.`,
    )
  })
}

function readTime(time: unknown, name: string): number {
  if (Number.isSafeInteger(time) && Math.abs(time as number) < 8.64e15) return time as number
  if (typeof time === 'string') {
    try {
      return fromRfc3339(time)
    } catch {
      // Said below, with the name of the field.
    }
  }
  throw bad('bad-time', `"${name}" is an RFC 3339 time with an offset, or epoch milliseconds.`)
}
