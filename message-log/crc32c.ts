/** Reversed Castagnoli polynomial (RFC 3720, 12.1). */
const polynomial = 0x82f63b78

const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1
  return value
})

/** CRC-32C of `bytes[start, end)` as an unsigned number. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let value = -1
  for (let i = start; i < end; i++) value = (value >>> 8) ^ table[(value ^ bytes[i]!) & 0xff]!
  return ~value >>> 0
}
