/**
 * What MQTT 3.1 and 3.1.1 allow on the wire, checked before the broker's parser sees a byte. A fault is a reason to
 * close the connection (and to count), with an answer where the standard wants one.
 */
export const frameFaults = [
  'length',
  'oversize',
  'short',
  'excess',
  'first-not-connect',
  'second-connect',
  'protocol',
  'flags',
  'reserved-flag',
  'will',
  'credentials',
  'identifier',
  'not-utf8',
  'control-character',
  'topic',
  'filter',
  'too-many-levels',
  'packet-id',
  'qos',
  'type',
] as const
export type FrameFault = (typeof frameFaults)[number]

export interface Refusal {
  readonly fault: FrameFault
  readonly answer: Buffer | null
}

/** Longest topic in bytes and in levels, as docs/devices.md promises. */
export const maxTopicBytes = 256
export const maxTopicLevels = 10

const refuse = (fault: FrameFault, answer: Buffer | null = null): Refusal => ({ fault, answer })
const connack = (code: number): Buffer => Buffer.from([0x20, 2, 0, code])

/** Length of a frame's head and body; null while the head is not complete. */
export function readLength(
  bytes: Buffer,
  at: number,
): { head: number; body: number } | 'length' | null {
  let body = 0
  for (let index = 1; index <= 4; index++) {
    const byte = bytes[at + index]
    if (byte === undefined) return null
    body += (byte & 127) * 128 ** (index - 1)
    if (byte < 128) return { head: index + 1, body }
  }
  return 'length'
}

const hash = 0x23
const plus = 0x2b
const slash = 0x2f

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** [MQTT-1.5.3-2] and the characters that 1.5.3 says should not be sent: controls and non-characters. */
// eslint-disable-next-line no-control-regex
const forbidden = /[\u0000-\u001f\u007f-\u009f\ufdd0-\ufdef\ufffe\uffff]/

/** Walks the fields of one frame; the first fault stays. */
function createCursor(bytes: Buffer, start: number, end: number) {
  let at = start
  let fault: FrameFault | null = null
  const fail = (found: FrameFault): void => void (fault ??= found)
  const skip = (length: number): number => {
    const from = at
    at += length
    if (at > end) fail('short')
    return from
  }
  const byte = (): number => bytes[skip(1)] ?? 0
  const pair = (): number => (byte() << 8) | byte()
  const text = (): string => {
    const length = pair()
    const from = skip(length)
    if (fault) return ''
    try {
      const value = utf8.decode(bytes.subarray(from, at))
      if (forbidden.test(value)) fail('control-character')
      return value
    } catch {
      fail('not-utf8') // [MQTT-1.5.3-1]
      return ''
    }
  }
  return {
    byte,
    pair,
    text,
    data: () => void skip(pair()),
    /** [MQTT-2.3.1-1] */
    packetId: () => {
      if (pair() === 0) fail('packet-id')
    },
    fail,
    isAtEnd: () => at >= end || fault !== null,
    end: () => {
      if (at < end) fail('excess')
    },
    fault: () => fault,
  }
}
type Cursor = ReturnType<typeof createCursor>

function checkLevels(topic: string, cursor: Cursor): void {
  if (Buffer.byteLength(topic) > maxTopicBytes || topic.split('/').length > maxTopicLevels)
    cursor.fail('too-many-levels')
}

function checkTopic(cursor: Cursor): void {
  const topic = cursor.text()
  if (topic === '' || /[+#]/.test(topic)) cursor.fail('topic') // [MQTT-3.3.2-2], [MQTT-4.7.3-1]
  checkLevels(topic, cursor)
}

function checkFilter(cursor: Cursor): void {
  const filter = cursor.text()
  const levels = filter.split('/')
  const isRight = levels.every(
    (level, index) =>
      level === '+' || (level === '#' && index === levels.length - 1) || !/[+#]/.test(level),
  ) // [MQTT-4.7.1-2], [MQTT-4.7.1-3]
  if (filter === '' || !isRight) cursor.fail('filter')
  checkLevels(filter, cursor)
}

/** One whole frame of `bytes[at, at + head + body)`. */
export function checkFrame(
  bytes: Buffer,
  at: number,
  { head, body }: { readonly head: number; readonly body: number },
  hasConnected: boolean,
): Refusal | null {
  const type = bytes[at]! >> 4
  const flags = bytes[at]! & 15
  if (type === 3 && hasConnected && isUsualPublish(bytes, at + head, at + head + body, flags))
    return null
  const cursor = createCursor(bytes, at + head, at + head + body)
  if (type === 1) return checkConnect(cursor, flags, hasConnected)
  if (!hasConnected) return refuse('first-not-connect') // [MQTT-3.1.0-1]
  if (type === 3) checkPublish(cursor, flags)
  else {
    const expected = type === 6 || type === 8 || type === 10 ? 2 : 0
    if (flags !== expected) return refuse('flags') // [MQTT-2.2.2-2]
    if (type >= 4 && type <= 7) cursor.packetId()
    else if (type === 8 || type === 10) checkFilters(cursor, type === 8)
    else if (type !== 12 && type !== 14) return refuse('type')
    cursor.end()
  }
  const fault = cursor.fault()
  return fault && refuse(fault)
}

/** Right beyond doubt, with a topic of printable ASCII: told from the bytes alone, for nearly every frame is one. */
function isUsualPublish(bytes: Buffer, start: number, end: number, flags: number): boolean {
  const qos = (flags >> 1) & 3
  if (qos === 3 || (qos === 0 && flags & 8)) return false
  const topicAt = start + 2
  const topicEnd = topicAt + ((bytes[start]! << 8) | bytes[start + 1]!)
  if (topicEnd + (qos > 0 ? 2 : 0) > end) return false
  if (topicEnd === topicAt || topicEnd - topicAt > maxTopicBytes) return false
  let levels = 1
  for (let at = topicAt; at < topicEnd; at++) {
    const byte = bytes[at]!
    if (byte < 0x20 || byte > 0x7e || byte === plus || byte === hash) return false
    if (byte === slash) levels++
  }
  return (
    levels <= maxTopicLevels && (qos === 0 || bytes[topicEnd] !== 0 || bytes[topicEnd + 1] !== 0)
  )
}

function checkPublish(cursor: Cursor, flags: number): void {
  const qos = (flags >> 1) & 3
  if (qos === 3 || (qos === 0 && flags & 8)) cursor.fail('qos') // [MQTT-3.3.1-4], [MQTT-3.3.1-2]
  checkTopic(cursor)
  if (qos > 0) cursor.packetId()
}

function checkFilters(cursor: Cursor, isSubscribe: boolean): void {
  cursor.packetId()
  if (cursor.isAtEnd()) cursor.fail('short') // [MQTT-3.8.3-3], [MQTT-3.10.3-2]
  while (!cursor.isAtEnd()) {
    checkFilter(cursor)
    if (isSubscribe && cursor.byte() > 2) cursor.fail('qos') // [MQTT-3.8.3-4]
  }
}

function checkConnect(cursor: Cursor, flags: number, hasConnected: boolean): Refusal | null {
  if (hasConnected) return refuse('second-connect') // [MQTT-3.1.0-2]
  if (flags !== 0) return refuse('flags')
  const name = cursor.text()
  const level = cursor.byte()
  const early = cursor.fault()
  if (early) return refuse(early)
  if (name !== 'MQTT' && name !== 'MQIsdp') return refuse('protocol')
  const is31 = name === 'MQIsdp'
  if (level !== (is31 ? 3 : 4)) return refuse('protocol', connack(1)) // [MQTT-3.1.2-2]

  const bits = cursor.byte()
  cursor.pair()
  const hasWill = (bits & 4) !== 0
  const willQos = (bits >> 3) & 3
  const hasUsername = (bits & 128) !== 0
  const hasPassword = (bits & 64) !== 0
  if (bits & 1) cursor.fail('reserved-flag') // [MQTT-3.1.2-3]
  if (hasWill ? willQos === 3 : willQos !== 0 || (bits & 32) !== 0) cursor.fail('will') // [MQTT-3.1.2-13..15]
  if (hasPassword && !hasUsername && !is31) cursor.fail('credentials') // [MQTT-3.1.2-22]
  const id = cursor.text()
  if (id === '' && cursor.fault() === null && (is31 || (bits & 2) === 0))
    return refuse('identifier', connack(2)) // [MQTT-3.1.3-8]
  if (hasWill) {
    checkTopic(cursor)
    cursor.data()
  }
  if (hasUsername) cursor.text()
  if (hasPassword) cursor.data()
  cursor.end()
  const fault = cursor.fault()
  return fault && refuse(fault)
}
