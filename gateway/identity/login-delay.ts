/** How much later a refused login is answered: guessing gets slow, and a right login behind the same address does not. */
export interface LoginDelay {
  /** Milliseconds to wait before the answer. */
  failed(address: string): number
}

/** So many failures at once are answered at once: a device that was rotated, a few of them. */
const freeFailures = 20
const forgottenPerSecond = 1
const stepMs = 100
const longestMs = 3_000
const maxAddresses = 10_000

export function createLoginDelay(monotonic: () => number): LoginDelay {
  const addresses = new Map<string, { failures: number; at: number }>()
  return {
    failed(address) {
      const now = monotonic()
      const last = addresses.get(address)
      const forgotten = last ? ((now - last.at) / 1000) * forgottenPerSecond : 0
      const failures = Math.min(
        Math.max((last?.failures ?? 0) - forgotten, 0) + 1,
        freeFailures + longestMs / stepMs,
      )
      // Moved to the end: the one that has been quiet longest goes first.
      addresses.delete(address)
      if (addresses.size >= maxAddresses) addresses.delete(addresses.keys().next().value!)
      addresses.set(address, { failures, at: now })
      return Math.max(0, Math.round((failures - freeFailures) * stepMs))
    },
  }
}
