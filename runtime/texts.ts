/** A text out of its bytes: `bytes[from, to)` in UTF-8. */
export type ReadText = (bytes: Uint8Array, from: number, to: number) => string

const places = 4096
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
  const kept = new Array<string>(places).fill('')
  return (bytes, from, to) => {
    if (to - from > longestKept) return readText(bytes, from, to)
    let hash = 0x811c9dc5
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
    const place = (hash ^ (hash >>> 15)) & (places - 1)
    const text = kept[place]!
    return isText(text, bytes, from, to) ? text : (kept[place] = readText(bytes, from, to))
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
