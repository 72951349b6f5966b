import { Readable } from 'node:stream'
import type { Client } from 'aedes'

interface Subscriber {
  readonly clientId: string
  readonly qos: number
}
interface Queued {
  readonly cmd: string
  readonly qos: number
  readonly messageId?: number
  readonly brokerCounter: number
  dup?: boolean
}

/** What the broker keeps for a session, as far as it has to be mended. */
interface SessionStore {
  outgoingEnqueueCombi(subscribers: readonly Subscriber[], packet: Queued): Promise<void>
  outgoingUpdate(client: Client, packet: Queued): Promise<void>
  outgoingClearMessageId(client: Client, packet: Queued): Promise<unknown>
  outgoingStream(client: Client): Readable
  incomingStorePacket(client: Client, packet: object): Promise<void>
}

const nothing = Buffer.alloc(0)

/**
 * What aedes' memory of a session does otherwise than MQTT wants: a message is queued once for each filter that matches and
 * at the publisher's QoS [MQTT-3.8.4-6], comes again without DUP [MQTT-3.3.1-1] and with ids that new messages take too
 * [MQTT-2.3.1-4]; of two PUBREL the second takes the place of the first [MQTT-4.3.3-1]; a PUBREC for what was not queued
 * closes the connection; and the payload of QoS 2 stays although only its id is asked for.
 */
export function keepSessionsExactly(broker: object): {
  /** Whether a message, by its number, was in the queue that the client was told at its login. */
  wasQueued(client: Client, brokerCounter: number): boolean
} {
  const told = new WeakMap<Client, Set<number>>()
  const { persistence: store } = broker as { persistence: SessionStore }
  const enqueue = store.outgoingEnqueueCombi.bind(store)
  const update = store.outgoingUpdate.bind(store)
  const clear = store.outgoingClearMessageId.bind(store)
  const stream = store.outgoingStream.bind(store)
  const storeIncoming = store.incomingStorePacket.bind(store)

  store.outgoingEnqueueCombi = async (subscribers, packet) => {
    const granted = new Map<string, number>()
    for (const { clientId, qos } of subscribers)
      granted.set(clientId, Math.max(granted.get(clientId) ?? 0, Math.min(qos, packet.qos)))
    for (const qos of [1, 2]) {
      const chosen = [...granted].filter((entry) => entry[1] === qos)
      const taken = chosen.map(([clientId]) => ({ clientId, qos }))
      if (taken.length > 0) await enqueue(taken, { ...packet, qos })
    }
  }

  store.outgoingUpdate = async (client, packet) => {
    // Named apart from every other, or the store takes all PUBREL for one.
    const named =
      packet.cmd === 'pubrel'
        ? { ...packet, brokerId: 'released', brokerCounter: packet.messageId ?? 0 }
        : packet
    // What the bounded queue did not take is delivered all the same, once.
    await update(client, named).catch(() => undefined)
  }

  store.outgoingClearMessageId = async (client, packet) =>
    // Asked for a message that must not be forwarded: it has no id, as all have that were not sent yet.
    packet.messageId === undefined ? undefined : clear(client, packet)

  store.outgoingStream = (client) => {
    const inTurn = async function* (): AsyncGenerator<Queued> {
      const queued: Queued[] = []
      for await (const packet of stream(client)) queued.push(packet as Queued)
      told.set(client, new Set(queued.map(({ brokerCounter }) => brokerCounter)))
      const lastSent = queued.findLast(({ messageId }) => messageId !== undefined)?.messageId
      if (lastSent !== undefined)
        (client as unknown as { _nextId: number })._nextId = (lastSent % 65_535) + 1
      for (const packet of queued) {
        if (packet.cmd === 'publish' && packet.messageId !== undefined) packet.dup = true
        yield packet
      }
    }
    return Readable.from(inTurn())
  }

  store.incomingStorePacket = (client, packet) =>
    storeIncoming(client, { ...packet, payload: nothing })

  return {
    wasQueued: (client, brokerCounter) => told.get(client)?.has(brokerCounter) ?? false,
  }
}
