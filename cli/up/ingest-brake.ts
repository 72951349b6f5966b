/** Ingest may be so far behind before acknowledgements take longer, and so long they take at most. */
const freeLagMs = 300
const longestBrakeMs = 200
/** The whole brake is on at so much more. */
const fullAfterMs = 2_000

/**
 * How long each append of the gateway waits while ingest is behind. Gateway and ingest share the cores of one process, and the
 * gateway costs less: without it a burst that lasts would be acknowledged faster than it can be stored, and the backlog grow.
 * It never refuses: at its longest it still lets ten thousand messages a second through.
 */
export function brakeByIngest(options: {
  /** Of the wall clock. */
  readonly lagMs: () => Promise<number>
  readonly everyMs: number
  readonly onError: (error: unknown) => void
}): { brakeMs(): number; stop(): void } {
  let brakeMs = 0
  let isAsking = false
  const timer = setInterval(() => {
    if (isAsking) return
    isAsking = true
    options
      .lagMs()
      .then((lag) => (brakeMs = brakeFor(lag)), options.onError)
      .finally(() => (isAsking = false))
  }, options.everyMs)
  return { brakeMs: () => brakeMs, stop: () => clearInterval(timer) }
}

export function brakeFor(lagMs: number): number {
  const share = Math.min(1, Math.max(0, lagMs - freeLagMs) / fullAfterMs)
  return Math.round(share * longestBrakeMs)
}
