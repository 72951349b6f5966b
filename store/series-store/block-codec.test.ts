import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createBlockCodec, DamagedBlockError } from './block-codec.ts'
import { addRow, createColumns, rowAt, type Columns, type Row } from './columns.ts'

const numbers = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  fc.integer(),
  fc.integer({ min: -400, max: 400 }).map((tenths) => tenths / 10 + 0),
  fc.integer({ min: 0, max: 99_999 }).map((thousandths) => thousandths / 1000),
  fc.maxSafeInteger(),
)
const times = fc.oneof(
  fc.integer({ min: 0, max: 8.64e15 }),
  fc.integer({ min: 1.7e12, max: 1.7e12 + 9e5 }),
)
const rows = fc.array(
  fc.record({
    at: times,
    value: numbers,
    boot: fc.constant(''),
    bootId: fc.nat(5),
    seq: fc.oneof(fc.nat(300), fc.maxSafeInteger()),
    index: fc.nat(70_000),
    received_at: times,
    quality: fc.nat(4),
  }),
  { maxLength: 70 },
)

function columnsOf(list: readonly Row[]): Columns {
  const columns = createColumns(1)
  for (const row of list) addRow(columns, { ...row, boot: '' })
  return columns
}

test('what is encoded is decoded to the same bits, and appended to what is there', () => {
  const codec = createBlockCodec()
  fc.assert(
    fc.property(rows, rows, (first, second) => {
      const into = createColumns(0)
      const series = { values: new Float64Array(0) }
      for (const part of [first, second]) {
        const columns = columnsOf(part)
        const own = Float64Array.from(part, ({ seq }) => Math.abs(seq % 77))
        codec.decode(codec.encode(columns, 0, columns.length, own), into, series)
      }
      const both = [...first, ...second]
      expect(both.map((_, i) => rowAt(into, i, () => ''))).toEqual(both)
      expect([...series.values.subarray(0, both.length)]).toEqual(
        both.map(({ seq }) => Math.abs(seq % 77)),
      )
    }),
  )
})

test('no flipped bit and no shorter block is decoded', () => {
  const codec = createBlockCodec()
  const columns = columnsOf(fc.sample(rows, { numRuns: 3, seed: 1 }).flat().slice(0, 9))
  const block = Buffer.from(codec.encode(columns, 0, columns.length))
  const into = createColumns(0)
  const isRefused = (bytes: Uint8Array): boolean => {
    try {
      codec.decode(bytes, into)
      return false
    } catch (error) {
      return error instanceof DamagedBlockError
    }
  }
  let refused = 0
  for (let bit = 0; bit < block.length * 8; bit++) {
    const flipped = Buffer.from(block)
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    if (isRefused(flipped)) refused++
  }
  expect(refused).toBe(block.length * 8)
  for (let length = 0; length < block.length; length++) {
    if (isRefused(block.subarray(0, length))) refused++
  }
  expect(refused).toBe(block.length * 9)
  expect(into.length).toBe(0)
})

test('a day of a cold room every 10 seconds is below six bytes a reading', () => {
  const codec = createBlockCodec()
  const columns = createColumns(512)
  for (let i = 0; i < 512; i++) {
    const at = 1_763_793_540_120 + i * 10_000 + ((i * 37) % 90)
    const value = Math.round(400 + 30 * Math.sin(i / 40)) / 100
    const row = {
      at,
      value,
      boot: '',
      bootId: 9,
      seq: i + 7,
      index: 0,
      received_at: at + 9 + (i % 30),
      quality: 0,
    }
    addRow(columns, row)
  }
  expect(codec.encode(columns, 0, 512).length / 512).toBeLessThan(6)
})
