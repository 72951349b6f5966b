import { isUtf8 } from 'node:buffer'
import { badPayload } from './telemetry.ts'

const deepest = 8
const forbiddenKeys: readonly string[] = ['__proto__', 'constructor', 'prototype']

/**
 * JSON as RFC 8259 and I-JSON (RFC 7493) want it: UTF-8 without a byte order mark, no key twice, few levels.
 * Every object in the answer has own keys only; keys that JavaScript gives a meaning to are refused.
 */
export function parseStrictJson(payload: Uint8Array): unknown {
  if (payload.length === 0) throw badPayload('empty', 'The payload is empty.')
  if (payload[0] === 0xef && payload[1] === 0xbb && payload[2] === 0xbf) {
    throw badPayload('byte-order-mark', 'The payload starts with a byte order mark.')
  }
  if (!isUtf8(payload)) throw badPayload('not-utf8', 'The payload is not UTF-8.')
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('utf8')
  const members = countMembers(text)
  const value = parse(text)
  // A key that comes twice is one property of the parsed value: the two counts then differ, however the key is escaped.
  if (countKeys(value) !== members) {
    throw badPayload('duplicate-key', 'A key comes twice in one object.')
  }
  return value
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    if (/[[:,]\s*[+-]?(NaN|Infinity)\b/i.test(text)) {
      throw badPayload('not-a-number', 'NaN and Infinity are not numbers in JSON.')
    }
    throw badPayload('not-json', 'The payload is not JSON.')
  }
}

const quote = 0x22
const backslash = 0x5c
const colon = 0x3a
const openBrace = 0x7b
const openBracket = 0x5b
const closeBrace = 0x7d
const closeBracket = 0x5d

/** Colons outside strings; refuses a text that nests too deep before any parser recurses into it. */
function countMembers(text: string): number {
  let members = 0
  let depth = 0
  let isInString = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (isInString) {
      if (code === backslash) i++
      else if (code === quote) isInString = false
    } else if (code === quote) isInString = true
    else if (code === colon) members++
    else if (code === openBrace || code === openBracket) {
      if (++depth > deepest) throw badPayload('too-deep', `It nests more than ${deepest} levels.`)
    } else if (code === closeBrace || code === closeBracket) depth--
  }
  return members
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) count += countKeys(item)
    return count
  }
  const object = value as Record<string, unknown>
  for (const key of Object.keys(object)) {
    if (forbiddenKeys.includes(key)) throw badPayload('forbidden-key', `The key ${key} is refused.`)
    count += 1 + countKeys(object[key])
  }
  return count
}
