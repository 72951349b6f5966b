import type { Aedes, PublishPacket } from 'aedes'
import { isUplinkTopic } from './identity/access.ts'

/** Routing costs more than all the rest of a publish: what nobody watches and nothing retains ends after its append. */
export function skipUnwatched(aedes: Aedes, isWatched: () => boolean): void {
  type Publish = (packet: PublishPacket, client: unknown, done: (error?: Error) => void) => void
  const broker = aedes as unknown as { publish: Publish }
  const publish = broker.publish.bind(aedes)
  broker.publish = (packet, client, done) => {
    const isFromClient = typeof client === 'object' && client !== null
    const isUnheard = !packet.retain && !isWatched()
    if (isFromClient && (isUnheard || isUplinkTopic(packet.topic))) done()
    else publish(packet, client, done)
  }
}

/**
 * aedes retains a message and then goes on with it, so that one without RETAIN overtakes it: retained here, all go the same
 * way, and none is queued for a later delivery with RETAIN [MQTT-3.3.1-9], [MQTT-4.6.0-6].
 */
export function retainAtOnce(aedes: Aedes): void {
  const broker = aedes as unknown as {
    publish(packet: PublishPacket, ...rest: unknown[]): void
    persistence: { storeRetained(packet: PublishPacket): Promise<void> }
  }
  const publish = broker.publish.bind(aedes)
  broker.publish = (packet, ...rest) => {
    if (packet.retain) void broker.persistence.storeRetained(packet)
    publish(packet.retain ? { ...packet, retain: false } : packet, ...rest)
  }
}
