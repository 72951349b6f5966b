/** A text out of its bytes: `bytes[from, to)` in UTF-8. */
export type ReadText = (bytes: Uint8Array, from: number, to: number) => string

/** So many at first, and more where texts take each other's places all the time: a city of 12,000 devices has 24,000 names of topics and clients. */
const fewestPlaces = 4096
const mostPlaces = 65_536
const longestKept = 128

/** `bytes[from, to)` in UTF-8, made anew. */
export function readText(bytes: Uint8Array, from: number, to: number): string {
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return buffer.toString('utf8', from, to)
}

/**
 * Reads names that come again and again: each is made once, so that it costs nothing to make and little to compare and to look
 * up. What it keeps is bounded, and a name gives its place to the next one that needs it.
 */
export function createTextReader(): ReadText {
  let kept = new Array<string>(fewestPlaces).fill('')
  let replaced = 0
  return (bytes, from, to) => {
    if (to - from > longestKept) return readText(bytes, from, to)
    let hash = 0x811c9dc5
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
    const mixed = hash ^ (hash >>> 15)
    const text = kept[mixed & (kept.length - 1)]!
    if (isText(text, bytes, from, to)) return text
    if (text !== '' && ++replaced > kept.length && kept.length < mostPlaces) {
      kept = new Array<string>(kept.length * 4).fill('')
      replaced = 0
    }
    return (kept[mixed & (kept.length - 1)] = readText(bytes, from, to))
  }
}

/** Only of ASCII: there every byte is a character. */
function isText(text: string, bytes: Uint8Array, from: number, to: number): boolean {
  if (text.length !== to - from) return false
  for (let i = 0; i < text.length; i++) {
    const byte = bytes[from + i]!
    if (byte > 0x7f || text.charCodeAt(i) !== byte) return false
  }
  return true
}
