/** Bytes that a conversation sends or expects, made when their turn comes: packet ids and secrets are known only then. */
export type Packet = (facts: Facts) => Buffer

export interface Facts {
  readonly passwords: ReadonlyMap<string, string>
  /** Packet ids that the gateway chose, under the names the case gives them. */
  readonly ids: Map<string, number>
  /** What was received, while an expectation is being compared with it. */
  readonly received: Buffer | null
}

/** A packet id: a number, or the name of one that the gateway chooses. */
export type Id = number | string

export const text = (value: string | Buffer): Buffer => {
  const bytes = Buffer.from(value)
  return Buffer.concat([pair(bytes.length), bytes])
}
const pair = (value: number): Buffer => Buffer.from([value >> 8, value & 255])

export function frame(first: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? hex(part) : part)))
  const head = [first]
  for (let left = body.length; ; left >>= 7) {
    head.push(left > 127 ? (left & 127) | 128 : left)
    if (left <= 127) return Buffer.concat([Buffer.from(head), body])
  }
}

export const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex')

/** Any bytes: hexadecimal digits, or a frame made by hand. */
export const raw =
  (...parts: readonly (Buffer | string)[]): Packet =>
  () =>
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? hex(part) : part)))

/** Several packets in one segment. */
export const together =
  (...packets: readonly Packet[]): Packet =>
  (facts) =>
    Buffer.concat(packets.map((packet) => packet(facts)))

const idOf = (id: Id, { ids }: Facts): Buffer => {
  const known = typeof id === 'number' ? id : ids.get(id)
  if (known === undefined) throw new Error(`packet id ${id} is not known yet`)
  return pair(known)
}

/** Learns a packet id that the gateway chose: never 0, and none that is in use [MQTT-2.3.1-1], [MQTT-2.3.1-4]. */
function learn(id: Id, at: number, { ids, received }: Facts): void {
  if (typeof id === 'number' || ids.has(id) || received === null) return
  const chosen = received.length >= at + 2 ? received.readUInt16BE(at) : 0
  if (chosen === 0) throw new Error('expected a packet id that is not 0')
  if ([...ids.values()].includes(chosen)) throw new Error(`packet id ${chosen} is in use`)
  ids.set(id, chosen)
}

export interface ConnectOptions {
  readonly id?: string | Buffer
  readonly clean?: boolean
  readonly keepAlive?: number
  readonly will?: {
    readonly topic: string | Buffer
    readonly message?: string
    readonly qos?: number
    readonly retain?: boolean
  }
  readonly user?: string | Buffer | null
  readonly password?: string | null
  readonly name?: string
  readonly level?: number
  /** Connect flags that belie the payload. */
  readonly flags?: number
  readonly more?: Buffer
}

export const connect =
  ({
    id = 'a',
    clean = true,
    keepAlive = 0,
    will,
    user = 'op',
    password,
    name = 'MQTT',
    level = 4,
    flags,
    more = Buffer.alloc(0),
  }: ConnectOptions = {}): Packet =>
  ({ passwords }) => {
    const secret = password === undefined ? (passwords.get(String(user)) ?? 'x') : password
    const bits =
      (clean ? 2 : 0) |
      (will ? 4 | ((will.qos ?? 0) << 3) | (will.retain ? 32 : 0) : 0) |
      (secret === null ? 0 : 64) |
      (user === null ? 0 : 128)
    return frame(
      0x10,
      text(name),
      Buffer.from([level, flags ?? bits]),
      pair(keepAlive),
      text(id),
      ...(will ? [text(will.topic), text(will.message ?? 'gone')] : []),
      ...(user === null ? [] : [text(user)]),
      ...(secret === null ? [] : [text(secret)]),
      more,
    )
  }

export const connack = (code = 0, { present = false } = {}): Packet =>
  raw(frame(0x20, Buffer.from([present ? 1 : 0, code])))

export const publish =
  (
    topic: string | Buffer,
    payload: string | Buffer = 'x',
    options: { qos?: number; id?: Id; retain?: boolean; dup?: boolean } = {},
  ): Packet =>
  (facts) => {
    const { qos = 0, id = 0, retain = false, dup = false } = options
    const name = text(topic)
    const head = facts.received && facts.received.length > 129 ? 3 : 2
    if (qos > 0) learn(id, head + name.length, facts)
    return frame(
      0x30 | (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0),
      name,
      ...(qos > 0 ? [idOf(id, facts)] : []),
      Buffer.from(payload),
    )
  }

const acknowledgement =
  (first: number) =>
  (id: Id): Packet =>
  (facts) =>
    frame(first, idOf(id, facts))
export const puback = acknowledgement(0x40)
export const pubrec = acknowledgement(0x50)
export const pubrel = acknowledgement(0x62)
export const pubcomp = acknowledgement(0x70)

/** Filters as `filter` (QoS 0) or `[filter, qos]`. */
export const subscribe = (
  id: number,
  ...filters: readonly (string | Buffer | readonly [string | Buffer, number])[]
): Packet =>
  raw(
    frame(
      0x82,
      pair(id),
      ...filters.map((entry) => {
        const isBare = typeof entry === 'string' || Buffer.isBuffer(entry)
        const [filter, qos] = isBare ? [entry, 0] : entry
        return Buffer.concat([text(filter), Buffer.from([qos])])
      }),
    ),
  )
export const suback = (id: number, ...codes: readonly number[]): Packet =>
  raw(frame(0x90, pair(id), Buffer.from(codes)))
export const unsubscribe = (id: number, ...filters: readonly (string | Buffer)[]): Packet =>
  raw(frame(0xa2, pair(id), ...filters.map(text)))
export const unsuback = (id: number): Packet => raw(frame(0xb0, pair(id)))
export const pingreq = raw('c000')
export const pingresp = raw('d000')
export const disconnect = raw('e000')
