import fc from 'fast-check'
import { expect, test } from 'vitest'
import { plainJson, strictPlainJson } from './plain-json.ts'
import { readPlainBytes } from './plain-json-bytes.ts'

const text = new TextEncoder()
const usual =
  '{"seq":1234,"boot":"9f2c51d07be34a18","at":1763793540120,"kind":"probe","values":{"celsius":4.25,"humidityPct":61.5,"doorOpen":0,"rssiDbm":-61}}'

function strictly(payload: Uint8Array): unknown {
  try {
    return strictPlainJson.decode(payload, 0)
  } catch {
    return 'refused'
  }
}

test('the usual message is read from its bytes, with white space or without', () => {
  for (const payload of [usual, usual.padEnd(200), ` ${usual.replaceAll(':', ' : ')}\r\n`]) {
    const bytes = text.encode(payload)
    expect(readPlainBytes(bytes)).toMatchObject({ seq: 1234, values: [4.25, 61.5, 0, -61] })
    expect([readPlainBytes(bytes)]).toEqual(strictly(bytes))
    const inside = Buffer.concat([Buffer.from('##'), bytes]).subarray(2)
    expect(readPlainBytes(new Uint8Array(inside.buffer, inside.byteOffset, inside.length))).toEqual(
      readPlainBytes(bytes),
    )
  }
})

test.each([
  ['a key twice', usual.replace('"kind":"probe"', '"seq":1')],
  ['a channel twice', usual.replace('doorOpen', 'celsius')],
  ['values twice', usual.replace('"kind":"probe"', '"values":{"in":1}')],
  ['a forbidden channel', usual.replace('doorOpen', 'constructor')],
  ['an escape', usual.replace('celsius', 'c\\xlsius')],
  ['a leading zero', usual.replace('4.25', '04.25')],
  ['a number that ends in its dot', usual.replace('4.25', '4.')],
  ['a number that begins with its dot', usual.replace('4.25', '.25')],
  ['a plus', usual.replace('4.25', '+4.25')],
  ['two minuses', usual.replace('-61', '--61')],
  ['NaN', usual.replace('4.25', 'NaN')],
  ['a comma at the end', usual.replace('-61', '-61,')],
  ['something behind it', `${usual}x`],
  ['a second object', `${usual}{}`],
  ['half of it', usual.slice(0, 100)],
  ['a negative seq', usual.replace('1234', '-1234')],
  ['a seq with a dot', usual.replace('1234', '12.5')],
  ['an empty boot', usual.replace('9f2c51d07be34a18', '')],
  ['sold without its product', usual.replace('doorOpen', 'sold')],
  ['a kind of nothing', usual.replace('probe', 'toaster')],
  ['a byte order mark', `\uFEFF${usual}`],
  ['a NUL at its end', `${usual}\0`],
])('%s is left to the strict reader, which refuses it', (_, payload) => {
  const bytes = text.encode(payload)
  expect(readPlainBytes(bytes)).toBeNull()
  expect(strictly(bytes)).toBe('refused')
})

test('whatever is read from bytes is read the same by the strict reader', () => {
  const number = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
    fc.stringMatching(/^-?(0|[1-9][0-9]{0,16})(\.[0-9]{1,16})?([eE][+-]?[0-9]{1,3})?$/),
    fc.stringMatching(/^[-+0-9.eE]{1,12}$/),
  )
  const key = fc.constantFrom('seq', 'boot', 'at', 'kind', 'gtin', 'values', 'other', 'se')
  const value = fc.oneof(
    number,
    fc.constantFrom('"probe"', '"b1"', '""', '"4006381333931"', 'null', '{"a":1}', '[1]'),
    fc
      .array(fc.tuple(fc.stringMatching(/^[A-Za-z_0-9]{1,3}$/), number), { maxLength: 4 })
      .map((members) => `{${members.map(([name, one]) => `"${name}":${one}`).join(',')}}`),
  )
  const object = fc
    .array(fc.tuple(key, value), { maxLength: 5 })
    .map((members) => `{${members.map(([name, one]) => `"${name}":${one}`).join(',')}}`)
  const mutated = fc
    .tuple(
      fc.nat(usual.length - 1),
      fc.nat(3),
      fc.constantFrom('', '"', '\\', '{', '}', ',', ':', '0', '-', '.', 'e', ' ', '\n', '\0', 'ä'),
    )
    .map(([at, gone, put]) => usual.slice(0, at) + put + usual.slice(at + gone))
  let read = 0
  fc.assert(
    fc.property(fc.oneof(object, mutated), (payload) => {
      const bytes = text.encode(payload)
      const found = readPlainBytes(bytes)
      if (found === null) return
      read++
      expect([found]).toEqual(strictly(bytes))
    }),
    { numRuns: 3000 },
  )
  expect(read).toBeGreaterThan(100)
})

test('decimals of up to 15 digits are the numbers that JSON.parse makes of them', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -999_999_999, max: 999_999_999 }),
      fc.stringMatching(/^[0-9]{1,6}$/),
      (whole, places) => {
        const [found] = plainJson.decode(text.encode(`{"values":{"v":${whole}.${places}}}`), 0)
        expect(found?.values[0]).toBe(Number(`${whole}.${places}`) || 0)
      },
    ),
    { numRuns: 1000 },
  )
})
