import { deviceKinds, normaliseGtin } from '../../domain/index.ts'
import { readText, type ReadText } from '../../runtime/index.ts'
import type { Telemetry } from './telemetry.ts'

/** So many digits are an integer that a number holds exactly; and powers of ten up to 10^22 are exact too. */
const mostDigits = 15
const mostChannels = 64
const longestBoot = 128
const longestChannel = 64
const powersOfTen = Array.from({ length: mostDigits + 1 }, (_, power) => 10 ** power)
/** Channels by name that the strict reader refuses as keys. */
const forbidden: readonly string[] = ['constructor', 'prototype']

const quote = 0x22
const comma = 0x2c
const minus = 0x2d
const dot = 0x2e
const zero = 0x30
const nine = 0x39
const colon = 0x3a
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d

/**
 * The usual message straight from its bytes, without a text or a parsed object between: one JSON object of ASCII with the
 * known keys, each at most once, no escapes, and numbers of at most 15 digits without an exponent. Whatever is not plainly
 * that, and whatever is wrong, is null, and for the strict reader to judge: what is read here it reads the same.
 */
export function readPlainBytes(bytes: Uint8Array, textOf: ReadText = readText): Telemetry | null {
  const cursor: Cursor = { bytes, textOf, at: 0, channels: [], values: [] }
  let seq: number | null = null
  let boot: string | null = null
  let time: number | null = null
  let gtin: string | null = null
  let hasKind = false
  if (next(cursor) !== openBrace) return null
  for (;;) {
    if (next(cursor) !== quote) return null
    const key = readKey(cursor)
    if (next(cursor) !== colon) return null
    if (key === 'values') {
      if (cursor.channels.length > 0 || !readValues(cursor)) return null
    } else if (key === 'seq' || key === 'at') {
      const number = readNumber(cursor)
      if (number === null || number < 0 || !Number.isInteger(number)) return null
      if ((key === 'seq' ? seq : time) !== null) return null
      if (key === 'seq') seq = number
      else time = number
    } else {
      const text = key === null ? null : readQuoted(cursor)
      if (text === null) return null
      if (key === 'boot' && boot === null) boot = text
      else if (key === 'kind' && !hasKind) {
        if (!(deviceKinds as readonly string[]).includes(text)) return null
        hasKind = true
      } else if (key === 'gtin' && gtin === null) {
        gtin = normaliseGtin(text)
        if (gtin === null) return null
      } else return null
    }
    const ending = next(cursor)
    if (ending === closeBrace) break
    if (ending !== comma) return null
  }
  const { channels, values } = cursor
  if (channels.length === 0 || next(cursor) !== -1) return null
  if (gtin === null && channels.includes('sold')) return null
  return { seq, boot: boot ?? '', at: time, gtin, channels, values }
}

interface Cursor {
  readonly bytes: Uint8Array
  readonly textOf: ReadText
  at: number
  readonly channels: string[]
  readonly values: number[]
}

/** The next byte that is no white space of JSON, passed over; -1 at the end. */
function next(cursor: Cursor): number {
  const { bytes } = cursor
  while (cursor.at < bytes.length) {
    const byte = bytes[cursor.at++]!
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte
  }
  return -1
}

/** Where a text ends that began before `at`; -1 where it holds anything but plain ASCII. */
function endOfText(bytes: Uint8Array, at: number): number {
  for (; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte === quote) return at
    if (byte < 0x20 || byte > 0x7e || byte === backslash) return -1
  }
  return -1
}

function readQuoted(cursor: Cursor): string | null {
  if (next(cursor) !== quote) return null
  const from = cursor.at
  const end = endOfText(cursor.bytes, from)
  if (end <= from || end - from > longestBoot) return null
  cursor.at = end + 1
  return cursor.textOf(cursor.bytes, from, end)
}

type Key = 'seq' | 'boot' | 'at' | 'kind' | 'gtin' | 'values'
const keys: readonly Key[] = ['seq', 'boot', 'at', 'kind', 'gtin', 'values']

/** A known key, behind its opening quote; null where it is another. */
function readKey(cursor: Cursor): Key | null {
  const { bytes, at } = cursor
  for (const key of keys) {
    if (bytes[at + key.length] !== quote || !startsWith(bytes, at, key)) continue
    cursor.at = at + key.length + 1
    return key
  }
  return null
}

function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false
  return true
}

/** A number of few digits; null where it is another, or none. */
function readNumber(cursor: Cursor): number | null {
  const { bytes } = cursor
  let byte = next(cursor)
  const isNegative = byte === minus
  if (isNegative) byte = bytes[cursor.at++] ?? -1
  const from = cursor.at - 1
  let digits = 0
  let whole = 0
  let places = -1
  for (; ; byte = bytes[cursor.at++] ?? -1) {
    if (byte >= zero && byte <= nine) {
      whole = whole * 10 + (byte - zero)
      digits++
      if (places >= 0) places++
    } else if (byte === dot && places < 0 && digits > 0) places = 0
    else break
  }
  cursor.at--
  const hasLeadingZero = bytes[from] === zero && digits > 1 && bytes[from + 1] !== dot
  if (digits === 0 || digits > mostDigits || places === 0 || hasLeadingZero) return null
  // An exponent, or whatever else stands behind it.
  if (byte !== comma && byte !== closeBrace && byte > 0x20) return null
  // Both are exact, so the quotient is the nearest number there is to the decimal (W. D. Clinger, PLDI 1990).
  const value = places > 0 ? whole / powersOfTen[places]! : whole
  return isNegative && value !== 0 ? -value : value
}

/** Channels and values into the cursor; false where the strict reader has to look. */
function readValues(cursor: Cursor): boolean {
  const { bytes, channels, values } = cursor
  if (next(cursor) !== openBrace) return false
  for (;;) {
    if (next(cursor) !== quote) return false
    const from = cursor.at
    const end = endOfChannel(bytes, from)
    if (end < 0 || channels.length >= mostChannels) return false
    cursor.at = end + 1
    const channel = cursor.textOf(bytes, from, end)
    if (forbidden.includes(channel) || channels.includes(channel)) return false
    if (next(cursor) !== colon) return false
    const value = readNumber(cursor)
    if (value === null) return false
    channels.push(channel)
    values.push(value)
    const ending = next(cursor)
    if (ending === closeBrace) return true
    if (ending !== comma) return false
  }
}

function endOfChannel(bytes: Uint8Array, from: number): number {
  const first = (bytes[from] ?? 0) | 0x20
  if (first < 0x61 || first > 0x7a) return -1
  for (let at = from + 1; at <= from + longestChannel; at++) {
    const byte = bytes[at] ?? 0
    if (byte === quote) return at
    const letter = byte | 0x20
    const isWord = (letter >= 0x61 && letter <= 0x7a) || (byte >= zero && byte <= nine)
    if (!isWord && byte !== 0x5f) return -1
  }
  return -1
}
