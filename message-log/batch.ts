import type { DevicePath, LoggedMessage, Position, RawMessage } from '../domain/index.ts'
import { readText, type ReadText } from '../runtime/index.ts'
import { crc32c } from './crc32c.ts'

/**
 * Messages packed into one buffer, which travels between threads and is stored as it is. Little endian:
 *
 *     header  "LRB1", CRC of the rest of the header, position of the first message (float64), count,
 *             then where each message starts
 *     message CRC of the rest, its length, receivedAt (float64), flags, lengths of topic and client id,
 *             topic, client id, [length and text of the path], [log and position (float64) of the first place], payload
 *
 * The table of starts lets a reader step over a damaged message, and each message's length over a damaged table.
 */
export interface PackedBatch {
  readonly buffer: ArrayBuffer
  readonly count: number
  readonly oldestReceivedAt: number
  readonly newestReceivedAt: number
}

/** A batch with its place in the log. */
export interface StoredBatch {
  readonly buffer: ArrayBuffer
  readonly first: Position
  readonly count: number
}

export const magic = 0x3142524c
export const header = { magic: 0, crc: 4, first: 8, count: 16, starts: 20 } as const
const field = {
  crc: 0,
  length: 4,
  receivedAt: 8,
  flags: 16,
  topicBytes: 17,
  clientIdBytes: 19,
  text: 21,
} as const
const retainFlag = 4
const clientFlag = 8
const pathFlag = 16
const firstPlaceFlag = 32
const backlogFlag = 64
const firstLogBytes = 16
const firstPlaceBytes = firstLogBytes + 8

export function packMessages(messages: readonly RawMessage[]): PackedBatch {
  let size = header.starts + 4 * messages.length
  for (const message of messages) size += sizeOf(message)
  const bytes = Buffer.from(new ArrayBuffer(size))
  const view = new DataView(bytes.buffer)
  let oldestReceivedAt = Infinity
  let newestReceivedAt = -Infinity
  let at = header.starts + 4 * messages.length
  for (const [index, message] of messages.entries()) {
    view.setUint32(header.starts + 4 * index, at, true)
    at = writeMessage(bytes, view, at, message)
    oldestReceivedAt = Math.min(oldestReceivedAt, message.receivedAt)
    newestReceivedAt = Math.max(newestReceivedAt, message.receivedAt)
  }
  view.setUint32(header.magic, magic, true)
  view.setUint32(header.count, messages.length, true)
  return { buffer: bytes.buffer, count: messages.length, oldestReceivedAt, newestReceivedAt }
}

function sizeOf(message: RawMessage): number {
  return (
    field.text +
    Buffer.byteLength(message.topic) +
    (message.clientId === null ? 0 : Buffer.byteLength(message.clientId)) +
    (message.path ? 1 + pathText(message.path).length : 0) +
    (message.firstPlace ? firstPlaceBytes : 0) +
    message.payload.length
  )
}

/** Names have at most 64 ASCII characters: the length of a path fits one byte. */
const pathText = ({ site, device }: DevicePath): string => `${site}/${device}`

/** Gives how many bytes. A call out of JavaScript costs more than the few characters of a name. */
function writeText(bytes: Buffer, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) return bytes.write(text, at)
    bytes[at + i] = code
  }
  return text.length
}

function writeMessage(bytes: Buffer, view: DataView, at: number, message: RawMessage): number {
  const topicBytes = writeText(bytes, at + field.text, message.topic)
  const clientIdBytes =
    message.clientId === null ? 0 : writeText(bytes, at + field.text + topicBytes, message.clientId)
  let next = at + field.text + topicBytes + clientIdBytes
  if (message.path) {
    const pathBytes = bytes.write(pathText(message.path), next + 1)
    view.setUint8(next, pathBytes)
    next += 1 + pathBytes
  }
  if (message.firstPlace) {
    bytes.write(message.firstPlace.log, next, firstLogBytes, 'hex')
    view.setFloat64(next + firstLogBytes, message.firstPlace.position, true)
    next += firstPlaceBytes
  }
  bytes.set(message.payload, next)
  const end = next + message.payload.length
  view.setUint32(at + field.length, end - at, true)
  view.setFloat64(at + field.receivedAt, message.receivedAt, true)
  view.setUint8(
    at + field.flags,
    message.qos |
      (message.retain ? retainFlag : 0) |
      (message.clientId === null ? 0 : clientFlag) |
      (message.path ? pathFlag : 0) |
      (message.firstPlace ? firstPlaceFlag : 0) |
      (message.isBacklog ? backlogFlag : 0),
  )
  view.setUint16(at + field.topicBytes, topicBytes, true)
  view.setUint16(at + field.clientIdBytes, clientIdBytes, true)
  view.setUint32(at + field.crc, crc32c(bytes, at + field.length, end), true)
  return end
}

/** Writes the batch's place in the log into its header. */
export function sealBatch(batch: PackedBatch, first: Position): StoredBatch {
  const view = new DataView(batch.buffer)
  view.setFloat64(header.first, first, true)
  view.setUint32(header.crc, headerCrc(new Uint8Array(batch.buffer), batch.count), true)
  return { buffer: batch.buffer, first, count: batch.count }
}

/** What the header says; null where it is damaged. */
export function readHeader(buffer: ArrayBuffer): { first: Position; count: number } | null {
  if (buffer.byteLength < header.starts) return null
  const view = new DataView(buffer)
  const count = view.getUint32(header.count, true)
  if (
    view.getUint32(header.magic, true) !== magic ||
    header.starts + 4 * count > buffer.byteLength ||
    view.getUint32(header.crc, true) !== headerCrc(new Uint8Array(buffer), count)
  )
    return null
  return { first: view.getFloat64(header.first, true), count }
}

/** Checksum of the header of a batch that starts with `bytes`. */
export function headerCrc(bytes: Uint8Array, count: number): number {
  return crc32c(bytes, header.first, header.starts + 4 * count)
}

/** The messages that are as they were packed, and the positions of those that are not. */
export function unpackBatch(
  batch: StoredBatch,
  textOf?: ReadText,
): {
  readonly messages: readonly LoggedMessage[]
  readonly damaged: readonly Position[]
} {
  const known = readHeader(batch.buffer)
  const isElsewhere = known !== null && (known.first !== batch.first || known.count !== batch.count)
  const bytes = Buffer.from(batch.buffer)
  const view = new DataView(batch.buffer)
  const messages: LoggedMessage[] = []
  const damaged: Position[] = []
  let at = header.starts + 4 * batch.count
  for (let index = 0; index < batch.count; index++) {
    const position = batch.first + index
    if (known && !isElsewhere) at = view.getUint32(header.starts + 4 * index, true)
    const message = isElsewhere
      ? null
      : readMessage(bytes, view, at, bytes.length, position, textOf)
    if (message) {
      messages.push(message)
      at += view.getUint32(at + field.length, true)
    } else damaged.push(position)
  }
  return { messages, damaged }
}

/** The message that starts at `at` and ends before `limit`; null where it is damaged. `view` is of the same bytes. */
export function readMessage(
  bytes: Buffer,
  view: DataView,
  at: number,
  limit: number,
  position: Position,
  textOf: ReadText = readText,
): LoggedMessage | null {
  if (at + field.text > limit) return null
  const end = at + view.getUint32(at + field.length, true)
  if (end > limit || end < at + field.text) return null
  if (view.getUint32(at + field.crc, true) !== crc32c(bytes, at + field.length, end)) return null
  const flags = view.getUint8(at + field.flags)
  const clientIdAt = at + field.text + view.getUint16(at + field.topicBytes, true)
  const clientIdEnd = clientIdAt + view.getUint16(at + field.clientIdBytes, true)
  if (clientIdEnd + (flags & pathFlag ? 1 : 0) > end) return null
  const pathEnd = clientIdEnd + (flags & pathFlag ? 1 + view.getUint8(clientIdEnd) : 0)
  const payloadAt = pathEnd + (flags & firstPlaceFlag ? firstPlaceBytes : 0)
  if (payloadAt > end) return null
  const message: LoggedMessage = {
    position,
    topic: textOf(bytes, at + field.text, clientIdAt),
    clientId: flags & clientFlag ? textOf(bytes, clientIdAt, clientIdEnd) : null,
    payload: bytes.subarray(payloadAt, end),
    receivedAt: view.getFloat64(at + field.receivedAt, true),
    qos: (flags & 3) as 0 | 1 | 2,
    retain: (flags & retainFlag) !== 0,
  }
  if ((flags & (pathFlag | firstPlaceFlag | backlogFlag)) === 0) return message
  return {
    ...message,
    ...(flags & pathFlag
      ? { path: readPath(bytes.toString('latin1', clientIdEnd + 1, pathEnd)) }
      : {}),
    ...(flags & firstPlaceFlag
      ? {
          firstPlace: {
            log: bytes.toString('hex', pathEnd, pathEnd + firstLogBytes),
            position: view.getFloat64(pathEnd + firstLogBytes, true),
          },
        }
      : {}),
    ...(flags & backlogFlag ? { isBacklog: true as const } : {}),
  }
}

function readPath(text: string): DevicePath {
  const [site = '', device = ''] = text.split('/')
  return { site, device }
}
