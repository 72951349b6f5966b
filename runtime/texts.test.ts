import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTextReader, readText } from './texts.ts'

test('texts are read as if each were made anew', () => {
  const read = createTextReader()
  const few = fc.constantFrom('celsius', 'é', 'ée', '', 'a'.repeat(200), 'd-1', 'd-2')
  fc.assert(
    fc.property(fc.oneof(few, fc.string({ unit: 'binary' })), fc.nat(3), (text, before) => {
      const bytes = Buffer.from(`${'x'.repeat(before)}${text}y`)
      const end = bytes.length - 1
      expect(read(bytes, before, end)).toBe(readText(bytes, before, end))
    }),
  )
})

test('bytes that are no text of UTF-8 never pass for a text that is kept', () => {
  const read = createTextReader()
  // Of so many some have the place of what was kept just before.
  for (let i = 0; i < 40_000; i++) {
    const valid = Buffer.from(`${i}é`)
    const broken = Buffer.from(`${i}é`, 'latin1')
    read(valid, 0, valid.length)
    if (read(broken, 0, broken.length) !== `${i}\ufffd`) throw new Error(`${i} was mistaken`)
  }
  expect(read(Buffer.from([0xe9]), 0, 1)).toBe('\ufffd')
})

test('a view into a larger buffer is read at its own places', () => {
  const buffer = Buffer.from('__celsius__')
  const view = new Uint8Array(buffer.buffer, buffer.byteOffset + 2, 7)
  expect(readText(view, 0, 7)).toBe('celsius')
})
