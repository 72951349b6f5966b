import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseStrictJson } from './strict-json.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('any JSON of few levels, however it is spaced, is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.nat(3), (value, spaces) => {
      const text = JSON.stringify(value, null, spaces)
      fc.pre(!/"(__proto__|constructor|prototype)"/.test(text))
      expect(parseStrictJson(bytes(text))).toEqual(JSON.parse(text))
    }),
  )
})

function escapeAll(text: string): string {
  const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}

test('a key that comes twice is found in any object, however it is escaped', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 5 }), { minLength: 1, maxLength: 6 }),
      fc.nat(),
      fc.boolean(),
      (keys, which, isEscaped) => {
        const key = keys[which % keys.length]!
        const again = isEscaped ? `"${escapeAll(key)}"` : JSON.stringify(key)
        const members = [...new Set(keys)].map((name) => `${JSON.stringify(name)}:{"a:b":1}`)
        fc.pre(!['__proto__', 'constructor', 'prototype'].some((name) => keys.includes(name)))
        const text = `[{"x":{${[...members, `${again}:2`].join(',')}}}]`
        expect(() => parseStrictJson(bytes(text))).toThrow(/twice/)
      },
    ),
  )
})

test('any bytes are read or refused with a coded error, and Object.prototype stays clean', () => {
  const before = Reflect.ownKeys(Object.prototype)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (payload) => {
      try {
        parseStrictJson(payload)
      } catch (error) {
        expect(error).toMatchObject({ code: 'RT_PAYLOAD_INVALID' })
      }
    }),
  )
  expect(Reflect.ownKeys(Object.prototype)).toEqual(before)
})
