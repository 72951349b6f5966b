export type Kind = 'live' | 'backlog'

/** How much may be on its way to the hub at once. Live batches go before backlog, and never wait behind much of it. */
export interface SendWindow {
  /** Resolves once a batch of this kind may be sent, or at once when aborted. One caller of each kind at a time. */
  room(kind: Kind): Promise<void>
  sent(kind: Kind, bytes: number): void
  acknowledged(kind: Kind, bytes: number, roundTripMs: number): void
}

const maxBatches = 32
const maxBytes = 4 * 1024 * 1024
/** Batches that backlog leaves free for live ones. */
const reserved = 4
const firstAllowed = 2
/** Backlog may be more at once where its acknowledgements come sooner, and less where they come later. */
const quickMs = 500
const slowMs = 2000

/**
 * What of the backlog is on its way when a live batch comes delays that batch by as much as the line needs for it: so
 * it grows while acknowledgements come quickly, and is halved where they take longer than two seconds.
 */
export function createSendWindow(signal: AbortSignal): SendWindow {
  const batches: Record<Kind, number> = { live: 0, backlog: 0 }
  const waiting: Record<Kind, (() => void) | null> = { live: null, backlog: null }
  let bytes = 0
  let allowed = firstAllowed

  const hasRoom = (kind: Kind): boolean => {
    const total = batches.live + batches.backlog
    if (bytes >= maxBytes) return false
    if (kind === 'live') return total < maxBatches
    return waiting.live === null && batches.backlog < allowed && total < maxBatches - reserved
  }

  const wake = (): void => {
    for (const kind of ['live', 'backlog'] as const) {
      const proceed = waiting[kind]
      if (!proceed || !(signal.aborted || hasRoom(kind))) continue
      waiting[kind] = null
      proceed()
    }
  }
  signal.addEventListener('abort', wake, { once: true })

  return {
    room(kind) {
      if (signal.aborted || hasRoom(kind)) return Promise.resolve()
      return new Promise((resolve) => (waiting[kind] = resolve))
    },
    sent(kind, size) {
      batches[kind]++
      bytes += size
    },
    acknowledged(kind, size, roundTripMs) {
      batches[kind]--
      bytes -= size
      if (kind === 'backlog') {
        if (roundTripMs > slowMs) allowed = Math.max(1, Math.floor(allowed / 2))
        else if (roundTripMs < quickMs) allowed = Math.min(maxBatches - reserved, allowed + 1)
      }
      wake()
    },
  }
}
