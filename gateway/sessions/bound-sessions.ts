import type { Client } from 'aedes'

/** What the broker keeps for sessions that outlive their connection, as far as it has to be held in bounds. */
interface SessionStore {
  addSubscriptions(client: Client, subscriptions: readonly { topic: string }[]): Promise<void>
  outgoingEnqueueCombi(
    subscriptions: readonly { clientId: string }[],
    packet: unknown,
  ): Promise<void>
  outgoingClearMessageId(client: { id: string }, packet: unknown): Promise<unknown>
}

const maxQueued = 1000

/**
 * The broker stores every filter of a SUBSCRIBE, the refused ones too, and queues without a limit what matches them
 * (aedes#1087): only what may be subscribed is stored, and a session that is away gets at most `maxQueued` messages.
 */
export function boundSessions(
  broker: object,
  rules: {
    readonly maySubscribe: (client: Client, filter: string) => boolean
    readonly onDropped: () => void
  },
): { queued(): number } {
  const { persistence } = broker as { persistence: SessionStore }
  const addSubscriptions = persistence.addSubscriptions.bind(persistence)
  const enqueue = persistence.outgoingEnqueueCombi.bind(persistence)
  const clear = persistence.outgoingClearMessageId.bind(persistence)
  const queued = new Map<string, number>()

  persistence.addSubscriptions = (client, subscriptions) =>
    addSubscriptions(
      client,
      subscriptions.filter(({ topic }) => rules.maySubscribe(client, topic)),
    )

  persistence.outgoingEnqueueCombi = (subscriptions, packet) => {
    const taken = subscriptions.filter(({ clientId }) => {
      const count = queued.get(clientId) ?? 0
      if (count < maxQueued) queued.set(clientId, count + 1)
      else rules.onDropped()
      return count < maxQueued
    })
    return enqueue(taken, packet)
  }

  persistence.outgoingClearMessageId = async (client, packet) => {
    const cleared = await clear(client, packet)
    const left = (queued.get(client.id) ?? 0) - 1
    if (cleared !== undefined && left > 0) queued.set(client.id, left)
    else if (cleared !== undefined) queued.delete(client.id)
    return cleared
  }

  return {
    queued() {
      let sum = 0
      for (const count of queued.values()) sum += count
      return sum
    },
  }
}
