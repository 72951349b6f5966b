import type { Duplex } from 'node:stream'
import type { Client } from 'aedes'
import { writeToStream } from 'mqtt-packet'
import { matchesFilter } from '../wire/topic.ts'

/** A message on its way to one client. */
interface Delivery {
  readonly topic: string
  readonly payload: Buffer
  readonly brokerCounter: number
  brokerId: string | null
  qos: 0 | 1 | 2
  retain: boolean
  messageId?: number
}
type Done = () => void

type Subscriptions = Readonly<Record<string, { readonly qos: number }>>

/** What of aedes' client takes part in a delivery. */
interface Receiver extends NodeJS.EventEmitter {
  readonly id: string
  readonly clean: boolean
  readonly closed: boolean
  readonly connected: boolean
  readonly conn: Duplex
  readonly subscriptions: Subscriptions
  readonly broker: {
    readonly id: string
    readonly persistence: {
      outgoingEnqueue(subscription: { clientId: string }, packet: unknown): Promise<void>
      outgoingUpdate(client: object, packet: unknown): Promise<void>
    }
    authorizeForward(client: object, packet: Delivery): unknown
  }
  deliver0: (packet: Delivery, done: Done) => void
  deliverQoS: (packet: Delivery, done: Done) => void
  waitForDrain(done: Done): void
  _nextId: number
}

/** Messages held back for a session that is just being told what waited for it. */
const maxHeld = 1000
const noop = (): void => undefined

/**
 * Takes the place of aedes' deliveries, which take a message that another has overtaken for one that was seen, and drop it;
 * which leave the QoS to whichever of overlapping filters comes first, send what is new before what waited, and forget a
 * retained message that was not acknowledged. Here each message goes out once, in order, at the lower of its QoS and the
 * highest that a matching filter was granted [MQTT-3.3.5-1], [MQTT-3.8.4-6], [MQTT-4.6.0-6].
 * `wasQueued` tells whether a message was in the queue that a session is told when it comes back.
 */
export function deliverExactly(
  client: Client,
  wasQueued: (brokerCounter: number) => boolean,
): void {
  const receiver = client as unknown as Receiver
  const { broker } = receiver
  const { persistence } = broker
  let last = 0
  let held: Delivery[] | null = []

  const isRepeat = ({ brokerId, brokerCounter }: Delivery): boolean => {
    if (brokerId !== broker.id) return false
    // Filters that overlap are served one right after the other.
    const isSame = brokerCounter === last
    last = brokerCounter
    return isSame
  }

  const takeId = (): number => {
    const id = receiver._nextId === 0 ? 1 : receiver._nextId
    receiver._nextId = (id % 65_535) + 1
    return id
  }

  const write = (packet: Delivery, done: Done): void => {
    if (receiver.closed) {
      setImmediate(done)
      return
    }
    const { topic, payload, qos, retain, messageId } = packet
    const bytes = { cmd: 'publish', topic, payload, qos, retain, dup: false } as const
    let isRoomLeft = true
    try {
      isRoomLeft = writeToStream(
        messageId === undefined ? bytes : { ...bytes, messageId },
        receiver.conn,
      )
    } catch (error) {
      receiver.emit('error', error)
    }
    if (isRoomLeft) setImmediate(done)
    else receiver.waitForDrain(done)
  }

  /** Under its packet id in the session's queue, so that it comes again if it is not acknowledged [MQTT-4.4.0-1]. */
  const keep = async (packet: Delivery): Promise<void> => {
    if (packet.retain) {
      packet.brokerId = broker.id
      await persistence.outgoingEnqueue({ clientId: receiver.id }, packet)
    }
    await persistence.outgoingUpdate(receiver, packet)
  }

  const send = (packet: Delivery, done: Done): void => {
    if (!broker.authorizeForward(receiver, packet)) {
      setImmediate(done)
      return
    }
    const granted = grantedQos(receiver.subscriptions, packet.topic)
    if (granted !== null && granted < packet.qos) packet.qos = granted
    if (packet.qos > 0) packet.messageId = takeId()
    if (packet.qos === 0 || receiver.clean) write(packet, done)
    else
      void keep(packet)
        .catch(noop)
        .then(() => write(packet, done))
  }

  const deliver = (packet: Delivery, done: Done): void => {
    if (isRepeat(packet)) {
      setImmediate(done)
    } else if (held && !receiver.connected) {
      if (held.length < maxHeld) held.push(packet)
      setImmediate(done)
    } else send(packet, done)
  }
  receiver.deliver0 = deliver
  receiver.deliverQoS = deliver
  receiver.once('connected', () => {
    const waiting = held ?? []
    held = null
    for (const packet of waiting) if (!wasQueued(packet.brokerCounter)) send(packet, noop)
  })
}

/** Highest QoS that the filters matching a topic were granted; null where none matches. */
export function grantedQos(subscriptions: Subscriptions, topic: string): 0 | 1 | 2 | null {
  let granted: number | null = null
  for (const filter in subscriptions) {
    const { qos } = subscriptions[filter]!
    if (qos > (granted ?? -1) && matchesFilter(filter, topic)) granted = qos
  }
  return granted as 0 | 1 | 2 | null
}
