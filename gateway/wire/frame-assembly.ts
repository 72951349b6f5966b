/** Bytes of a frame that is not whole yet. */
export interface FrameAssembly {
  /** All that waits, with `chunk` behind it. */
  join(chunk: Buffer): Buffer
  /** Keeps what is behind the first `whole` bytes of what `join` has given. */
  keep(joined: Buffer, whole: number): void
  length(): number
}

const empty = Buffer.alloc(0)

/** Joins at a cost that grows with the bytes, not with their square: 64 KiB may come byte by byte. */
export function createFrameAssembly(): FrameAssembly {
  let store = empty
  let length = 0

  const append = (chunk: Buffer): void => {
    const needed = length + chunk.length
    if (store.length < needed) {
      const grown = Buffer.allocUnsafe(Math.max(needed, 2 * store.length))
      store.copy(grown, 0, 0, length)
      store = grown
    }
    chunk.copy(store, length)
    length = needed
  }

  return {
    join(chunk) {
      if (length === 0) return chunk
      append(chunk)
      return store.subarray(0, length)
    },
    keep(joined, whole) {
      if (whole === 0 && length > 0) return
      // A copy: a slice would hold the chunk, and what was taken of it may not be read yet.
      store = whole === joined.length ? empty : Buffer.from(joined.subarray(whole))
      length = store.length
    },
    length: () => length,
  }
}
