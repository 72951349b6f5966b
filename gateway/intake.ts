import type { Client, PublishPacket } from 'aedes'
import type { Clock } from '../domain/index.ts'
import type { AppendQueue } from './append-queue.ts'
import type { GatewayMetrics } from './gateway-metrics.ts'
import { checkPublish, gatewayOf, isUplink, mappedPath, type Identity } from './identity/access.ts'
import type { Logins } from './identity/log-in.ts'
import { isWill, toMessage } from './packets.ts'
import type { createInboundOnce } from './sessions/inbound-once.ts'
import type { UplinkReceiver } from './uplink/receive-uplink.ts'

/** Takes what a client publishes, or its Will; answers once it is in the log, or with why it is not. */
export type Intake = (
  client: Client | null,
  packet: PublishPacket,
  done: (error?: Error | null) => void,
) => void

export function createIntake(deps: {
  readonly identityOf: (client: Client) => Identity | undefined
  readonly takeJoin: Logins['takeJoin']
  readonly keepOnce: ReturnType<typeof createInboundOnce>
  readonly queue: AppendQueue
  readonly uplinks: UplinkReceiver
  readonly mayRetain: (topic: string) => boolean
  readonly clock: Clock
  readonly metrics: GatewayMetrics
}): Intake {
  const { metrics } = deps

  const refusalOf = (identity: Identity | null | undefined, packet: PublishPacket) => {
    if (!identity) return 'topic-not-allowed'
    const refusal = checkPublish(identity, packet)
    if (refusal) return refusal
    const joining = identity.kind === 'join' ? deps.takeJoin(identity.username) : null
    if (joining) return joining
    const asksRoom = packet.retain && packet.payload.length > 0
    return asksRoom && !deps.mayRetain(packet.topic) ? 'too-many-retained' : null
  }

  return (client, packet, done) => {
    metrics.received.inc()
    const identity = client && deps.identityOf(client)
    const refusal = refusalOf(identity, packet)
    if (refusal) {
      metrics.refused.inc({ reason: refusal })
      done(new Error(refusal))
      return
    }
    const path = identity ? mappedPath(identity, packet.topic) : null
    const message = toMessage(packet, isWill(client, packet) ? null : client, deps.clock, path)
    const acknowledge = (error: Error | null): void => {
      if (!error && packet.qos > 0) metrics.acknowledged.inc()
      packet.dup = false // [MQTT-3.3.1-3]
      // Not kept, so not acknowledged: the connection closes and the device sends again.
      done(error)
    }
    const gateway = identity && isUplink(identity, packet.topic) ? gatewayOf(identity) : null
    if (gateway) deps.uplinks.receive(gateway, message, acknowledge)
    else deps.keepOnce(client, packet, (kept) => deps.queue.add(message, kept), acknowledge)
  }
}
