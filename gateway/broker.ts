import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { Aedes, type Client, type PublishPacket } from 'aedes'
import type { Settings } from '../config/index.ts'
import { hourMs, type Clock, type DevicePath, type DeviceRegistry } from '../domain/index.ts'
import { createTextReader, type Logger } from '../runtime/index.ts'
import { checkSubscribe, gatewayOf, mayReceive } from './identity/access.ts'
import type { AppendQueue } from './append-queue.ts'
import { createConnects } from './connects.ts'
import { createIntake } from './intake.ts'
import { createLiveIdentities } from './identity/live-identities.ts'
import { createLogins, type Peer } from './identity/log-in.ts'
import { boundSessions } from './sessions/bound-sessions.ts'
import { createCommandDelivery } from './sessions/command-delivery.ts'
import { createCommandTakers } from './sessions/command-takers.ts'
import { isLoopback } from './listeners/loopback.ts'
import type { GatewayMetrics } from './gateway-metrics.ts'
import { deliverExactly } from './sessions/exact-delivery.ts'
import { keepSessionsExactly } from './sessions/exact-sessions.ts'
import { createInboundOnce } from './sessions/inbound-once.ts'
import { createSessionExpiry } from './sessions/session-expiry.ts'
import { toPacket } from './packets.ts'
import { retainAtOnce, skipUnwatched } from './routing.ts'
import { createUplinkReceiver } from './uplink/receive-uplink.ts'
import { maxTopicLevels } from './wire/mqtt-frame.ts'
import { readPublishes } from './wire/publish-reader.ts'

export interface Broker {
  readonly aedes: Aedes
  /** Puts a message into what is retained, without telling anybody. */
  retain(packet: PublishPacket): Promise<unknown>
  handle(connection: Duplex, peer: Peer): void
  sessions(): { readonly sessionsAway: number; readonly messagesQueued: number }
  /** Closes every connection; their Wills go the way of every message. */
  stop(): Promise<void>
}

/** Longest client id of MQTT 3.1 that is taken: `site.device` does not fit the 23 characters of its specification. */
const maxClientIdBytes = 256
const maxInflightInbound = 100
const connectPacketsQueued = 42

/**
 * The MQTT broker with our identity, access and durability. The append stands in `authorizePublish`, the one
 * asynchronous step before aedes answers: so PUBACK, PUBREC and the publishing of a Will all come after it.
 */
export async function createBroker(deps: {
  readonly settings: Pick<
    Settings['mqtt'],
    | 'drainTimeoutMs'
    | 'connectDeadlineMs'
    | 'joinPerSecond'
    | 'joinDevices'
    | 'sessionExpiryHours'
    | 'maxSessions'
  >
  readonly queue: AppendQueue
  readonly registry: DeviceRegistry
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: GatewayMetrics
  /** Whether a message on a topic may be retained: not every topic that a rule allows fits the memory. */
  readonly mayRetain: (topic: string) => boolean
  readonly isNewestRetained: (topic: string, receivedAt: number) => boolean
  readonly onReady: (client: Client, isGateway: boolean) => void
  /** The client comes back to a session that was kept, as its CONNACK has to say. */
  readonly onSessionPresent: (client: Client) => void
}): Promise<Broker> {
  const { queue, registry, clock, logger, metrics } = deps
  const logins = createLogins({
    registry,
    settings: deps.settings,
    monotonic: () => performance.now(),
    wait: sleep,
    isTrusted: isLoopback,
  })
  const textOf = createTextReader()
  const takers = createCommandTakers({
    clientOf: (id) => clientOf(id),
    identityOf: (client) => identities.get(client),
  })
  /** Sessions that subscribed to more than their own commands. While there are none, telemetry need not be routed. */
  const watchers = new Set<string>()
  /** Client ids of the sessions that outlive their connection. */
  const keptSessions = new Set<string>()

  const uplinks = createUplinkReceiver({
    queue,
    clock,
    mayRetain: ({ topic, receivedAt }) =>
      deps.mayRetain(topic) && deps.isNewestRetained(topic, receivedAt),
    onKept: (message) => {
      // Of the backlog only what is still the state is news to whoever listens now.
      const isNews = message.retain || (message.isBacklog !== true && watchers.size > 0)
      if (isNews) aedes.publish(toPacket(message), noop)
    },
    onCounted: (result, count) => metrics.uplinked.inc({ result }, count),
  })

  const refuse = (reason: string): void => metrics.refused.inc({ reason })
  const identities = createLiveIdentities({
    clients: () => Object.values(clientsOf(aedes)).filter((client) => client !== undefined),
    clientOf: (id) => clientOf(id),
    readAgain: (identity) => logins.readAgain(identity),
    onClosed: refuse,
  })

  const connects = createConnects({
    ...{ logins, logger, onRefused: refuse },
    holderOf: (id) => {
      const holder = clientOf(id)
      return holder && identities.get(holder)
    },
    onAccepted(client, identity) {
      identities.set(client, identity)
      expiry.accepted(client.id)
      if (!client.clean && keptSessions.has(client.id)) deps.onSessionPresent(client)
    },
  })

  const intake = createIntake({
    ...{ queue, uplinks, clock, metrics, mayRetain: deps.mayRetain, takeJoin: logins.takeJoin },
    identityOf: (client) => identities.get(client),
    keepOnce: createInboundOnce((client, packet) =>
      persistence.incomingGetPacket(client, packet).then(
        () => true,
        () => false,
      ),
    ),
  })

  const aedes = await Aedes.createBroker({
    concurrency: 100,
    connectTimeout: deps.settings.connectDeadlineMs,
    drainTimeout: deps.settings.drainTimeoutMs,
    maxClientsIdLength: maxClientIdBytes,
    maxInflightInbound,
    maxTopicLevels,
    queueLimit: connectPacketsQueued,

    preConnect(client, packet, done) {
      connects.asked(client, packet.will)
      readPublishes(client, textOf)
      deliverExactly(client, (counter) => sessions.wasQueued(client, counter))
      done(null, true)
    },

    authenticate: (client, username, password, done) =>
      connects.logIn(client, username, password, done),
    authorizePublish: (client, packet, done) => intake(client, packet, done),

    authorizeSubscribe(client, subscription, done) {
      const identity = identities.get(client)
      const refusal = identity ? checkSubscribe(identity, subscription.topic) : 'filter-not-allowed'
      if (refusal) refuse(refusal)
      else if (!identity || !takers.subscribed(client, identity, subscription.topic))
        watchers.add(client.id)
      done(null, refusal ? null : subscription)
    },

    authorizeForward(client, packet) {
      const identity = identities.get(client)
      return identity && mayReceive(identity, packet.topic) ? packet : null
    },
  })

  const { persistence } = aedes as unknown as {
    persistence: { incomingGetPacket(client: Client, packet: object): Promise<unknown> }
  }
  const clientOf = (id: string): Client | undefined => clientsOf(aedes)[id]

  const takersOf = (path: DevicePath): readonly Client[] => {
    const own = takers.of(path)
    return own ? [own, ...takers.edgeNodesOf(path.site)] : takers.edgeNodesOf(path.site)
  }

  const commands = createCommandDelivery({
    registry,
    clock,
    clientsOf: (path) => takersOf(path),
    isEdgeNode: (client) => takers.isEdgeNode(client),
    takesTopic: (client, topic) => takers.takesTopic(client, topic),
    isGateway: (client) => takers.isGateway(client),
    onFailure: (error) => logger.warn({ err: error }, 'a command could not be delivered'),
  })

  const deliverCommands = (client: Client): void => {
    const path = identities.get(client)?.path
    if (path && takers.isDevice(client)) commands.deliver(client, path)
    if (takers.isGateway(client) || takers.isEdgeNode(client)) commands.deliverAll()
  }

  const bound = boundSessions(aedes, {
    maySubscribe: (client, filter) => {
      const identity = identities.get(client)
      return identity !== undefined && checkSubscribe(identity, filter) === null
    },
    onDropped: () => refuse('session-queue-full'),
  })
  const expiry = createSessionExpiry(aedes, {
    expiryMs: deps.settings.sessionExpiryHours * hourMs,
    maxSessions: deps.settings.maxSessions,
    monotonic: () => performance.now(),
    onEnded(id, reason) {
      metrics.sessionsEnded.inc({ reason })
      keptSessions.delete(id)
      watchers.delete(id)
    },
    onFailure: (error) => logger.error({ err: error }, 'a session could not be ended'),
  })
  const sessions = keepSessionsExactly(aedes)
  retainAtOnce(aedes)
  skipUnwatched(aedes, () => watchers.size > 0)

  aedes.on('clientReady', (client) => {
    if (client.clean) keptSessions.delete(client.id)
    else keptSessions.add(client.id)
    expiry.back(client.id)
    const identity = identities.get(client)
    deps.onReady(client, identity !== undefined && gatewayOf(identity) !== null)
    deliverCommands(client)
  })
  aedes.on('subscribe', (_, client) => deliverCommands(client))
  aedes.on('clientDisconnect', (client) => {
    if (client.clean) watchers.delete(client.id)
    else expiry.left(client.id)
    takers.left(client)
  })
  aedes.on('keepaliveTimeout', () => refuse('keep-alive'))
  ;(aedes as unknown as NodeJS.EventEmitter).on('error', (error) =>
    logger.error({ err: error }, 'the broker reported an error'),
  )

  const unsubscribe = registry.subscribe((change) => {
    if (change.what === 'command') {
      const { site, device } = change
      for (const taker of takersOf(change)) commands.deliver(taker, { site, device })
      return
    }
    identities.changed(change.username).catch((error: unknown) => {
      logger.error({ err: error }, 'a credential could not be checked')
    })
  })

  return {
    aedes,
    retain: (packet) =>
      (
        aedes as unknown as {
          persistence: { storeRetained(packet: PublishPacket): Promise<unknown> }
        }
      ).persistence.storeRetained(packet),
    handle(connection, peer) {
      connects.opened(connection, peer)
      aedes.handle(connection)
    },
    sessions: () => ({ sessionsAway: expiry.away(), messagesQueued: bound.queued() }),
    stop() {
      unsubscribe()
      commands.stop()
      logins.stop()
      expiry.stop()
      return new Promise((resolve) => aedes.close(resolve))
    },
  }
}

function clientsOf(aedes: Aedes): Readonly<Record<string, Client | undefined>> {
  return (aedes as unknown as { clients: Record<string, Client | undefined> }).clients
}

const noop = (): void => undefined
