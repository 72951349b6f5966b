/** Reversed Castagnoli polynomial (RFC 3720, 12.1). */
const polynomial = 0x82f63b78

/** Of a byte with 0 to 7 bytes behind it, so that eight are looked up at once (M. E. Kounavis, F. L. Berry, ISCC 2005). */
const tables = Array.from({ length: 8 }, () => new Int32Array(256))
for (let byte = 0; byte < 256; byte++) {
  let value = byte
  for (const table of tables) {
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1
    table[byte] = value
  }
}
const [behind0, behind1, behind2, behind3, behind4, behind5, behind6, behind7] = tables as [
  ...[Int32Array, Int32Array, Int32Array, Int32Array],
  ...[Int32Array, Int32Array, Int32Array, Int32Array],
]

/** CRC-32C of `bytes[start, end)` as an unsigned number. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let value = -1
  let i = start
  for (; i + 8 <= end; i += 8)
    value =
      behind7[(value ^ bytes[i]!) & 0xff]! ^
      behind6[((value >>> 8) ^ bytes[i + 1]!) & 0xff]! ^
      behind5[((value >>> 16) ^ bytes[i + 2]!) & 0xff]! ^
      behind4[(value >>> 24) ^ bytes[i + 3]!]! ^
      behind3[bytes[i + 4]!]! ^
      behind2[bytes[i + 5]!]! ^
      behind1[bytes[i + 6]!]! ^
      behind0[bytes[i + 7]!]!
  for (; i < end; i++) value = (value >>> 8) ^ behind0[(value ^ bytes[i]!) & 0xff]!
  return ~value >>> 0
}
