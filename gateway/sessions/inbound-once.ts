import type { Client, PublishPacket } from 'aedes'

type Done = (error: Error | null) => void

/**
 * A message of QoS 2 that comes again before its PUBREL is acknowledged again and kept once [MQTT-4.3.3-2]: aedes asks for
 * its permission, which is our append, before it looks whether it has the message.
 */
export function createInboundOnce(isStored: (client: Client, packet: object) => Promise<boolean>) {
  const underWay = new WeakMap<Client, Map<number, Promise<Error | null>>>()

  return (client: Client | null, packet: PublishPacket, keep: (done: Done) => void, done: Done) => {
    const id = (packet as { messageId?: number }).messageId
    if (packet.qos !== 2 || client === null || id === undefined) {
      keep(done)
      return
    }
    const ids = underWay.get(client) ?? new Map<number, Promise<Error | null>>()
    underWay.set(client, ids)
    const first = ids.get(id)
    if (first) {
      // Once aedes has stored the first.
      void first.then((error) => setImmediate(done, error))
      return
    }
    const kept = isStored(client, packet).then((isKnown) =>
      isKnown ? null : new Promise<Error | null>((resolve) => keep(resolve)),
    )
    ids.set(id, kept)
    void kept.then((error) => {
      setImmediate(() => ids.delete(id))
      done(error)
    })
  }
}
