import type { Readable } from 'node:stream'

/** What the broker's memory keeps of a session, as far as it can be emptied. */
interface SessionStore {
  cleanSubscriptions(client: { id: string }): Promise<unknown>
  cleanIncoming(client: { id: string }): Promise<unknown>
  delWill(client: { id: string }): Promise<unknown>
  outgoingStream(client: { id: string }): Readable
  outgoingClearMessageId(client: { id: string }, packet: object): Promise<unknown>
}

export type SessionEnd = 'expired' | 'too-many'

/** Ends sessions whose clients have been away too long: the broker's memory keeps them for ever. */
export interface SessionExpiry {
  /** The client of a kept session is gone. */
  left(id: string): void
  /** It is let in again: its session does not end while it is told what waited. */
  accepted(id: string): void
  /** It is here again, or wants no session any more. */
  back(id: string): void
  away(): number
  sweep(): Promise<void>
  stop(): void
}

const sweepEveryMs = 60_000

/** To be made before anything takes the place of the broker's own `outgoingClearMessageId`, but for the bound of its queue. */
export function createSessionExpiry(
  broker: object,
  deps: {
    readonly expiryMs: number
    readonly maxSessions: number
    /** Rises evenly, whatever the wall clock does. */
    readonly monotonic: () => number
    readonly onEnded: (id: string, why: SessionEnd) => void
    readonly onFailure: (error: unknown) => void
  },
): SessionExpiry {
  const { persistence: store } = broker as { persistence: SessionStore }
  const clear = store.outgoingClearMessageId.bind(store)
  const stream = store.outgoingStream.bind(store)
  /** Since when each is away, longest first. */
  const away = new Map<string, number>()

  const end = async (id: string, why: SessionEnd): Promise<void> => {
    away.delete(id)
    const client = { id }
    await store.cleanSubscriptions(client)
    await store.cleanIncoming(client)
    await store.delWill(client)
    for await (const packet of stream(client))
      await clear(client, { messageId: (packet as { messageId?: number }).messageId })
    deps.onEnded(id, why)
  }

  const sweep = async (): Promise<void> => {
    const before = deps.monotonic() - deps.expiryMs
    for (const [id, since] of [...away]) {
      if (since > before) break
      if (away.get(id) === since) await end(id, 'expired')
    }
  }
  const timer = setInterval(() => void sweep().catch(deps.onFailure), sweepEveryMs)
  timer.unref()

  return {
    left(id) {
      away.delete(id)
      away.set(id, deps.monotonic())
      if (away.size <= deps.maxSessions) return
      const [longest] = away.keys()
      end(longest!, 'too-many').catch(deps.onFailure)
    },
    accepted(id) {
      if (!away.delete(id)) return
      away.set(id, deps.monotonic())
    },
    back: (id) => void away.delete(id),
    away: () => away.size,
    sweep,
    stop: () => clearInterval(timer),
  }
}
