import { describe, expect, it } from 'vitest'
import { crc32c } from './crc32c.ts'

describe('CRC-32C', () => {
  it.each([
    ['32 bytes of zero', Buffer.alloc(32), 0x8a9136aa],
    ['32 bytes of ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['32 rising bytes', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
    ['32 falling bytes', Buffer.from(Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c],
    [
      'an iSCSI read command',
      Buffer.from(
        '01c00000000000000000000000000000140000000000040000000014000000182800000000000000' +
          '0200000000000000',
        'hex',
      ),
      0xd9963a56,
    ],
  ])('of %s is that of RFC 3720, B.4', (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected)
  })

  it('takes a part of the bytes', () => {
    const bytes = Buffer.from('xx123456789xx')
    expect(crc32c(bytes, 2, 11)).toBe(0xe3069283)
    expect(crc32c(bytes, 3, 3)).toBe(0)
  })

  it('is that of one bit after the other, whatever the length', () => {
    const bytes = Buffer.from(Array.from({ length: 64 }, (_, i) => (i * 167 + 13) & 0xff))
    for (let end = 0; end <= bytes.length; end++)
      expect(crc32c(bytes, 1, end)).toBe(bitByBit(bytes.subarray(1, end)))
  })
})

function bitByBit(bytes: Uint8Array): number {
  let value = -1
  for (const byte of bytes) {
    value ^= byte
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1
  }
  return ~value >>> 0
}
