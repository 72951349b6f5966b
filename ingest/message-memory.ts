/** new: seen for the first time. duplicate: the same message again. conflict: the same (boot, seq) with another payload. */
export type Verdict = 'new' | 'duplicate' | 'conflict'

export interface MessageMemory {
  /** What a message is, and remembers it. `hash` stands for its payload. */
  see(site: string, device: string, boot: string, seq: number, hash: number): Verdict
}

/**
 * The last `capacity` numbered messages. It is a function of the log: after a restart the loop reads that much of the log
 * again, so that nothing needs keeping. What comes again later than that still meets the store's own identities.
 */
export function createMessageMemory(capacity: number): MessageMemory {
  const hashes = new Map<string, number>()
  return {
    see(site, device, boot, seq, hash) {
      const key = `${site}/${device}/${seq}/${boot}`
      const known = hashes.get(key)
      if (known !== undefined) return known === hash ? 'duplicate' : 'conflict'
      hashes.set(key, hash)
      if (hashes.size > capacity) {
        for (const oldest of hashes.keys()) {
          hashes.delete(oldest)
          break
        }
      }
      return 'new'
    },
  }
}
