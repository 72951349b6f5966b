import { connect } from 'node:net'
import { errorMessage } from '../../domain/index.ts'

/**
 * The id that a cluster gave a topic when it was made, as 32 hex digits: unique among all clusters, and another one where a topic
 * of the name is made anew (KIP-516). The add-on does not tell it: this asks one broker for Metadata, version 12.
 */
export function readTopicId(broker: string, topic: string, withinMs: number): Promise<string> {
  const at = broker.lastIndexOf(':')
  const host = broker.slice(0, at).replace(/^\[|\]$/g, '')
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(broker.slice(at + 1)) })
    let received = Buffer.alloc(0)
    socket.setTimeout(withinMs, () => socket.destroy(new Error(`${broker} does not answer`)))
    socket.on('connect', () => socket.write(metadataRequest(topic)))
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      if (received.length < 4 || received.length < 4 + received.readUInt32BE(0)) return
      try {
        resolve(readAnswer(received, topic))
      } catch (error) {
        reject(new Error(errorMessage(error)))
      }
      socket.destroy()
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`${broker} closed the connection`)))
  })
}

function metadataRequest(topic: string): Buffer {
  const name = Buffer.from(topic)
  const clientId = Buffer.from('larder')
  const body = Buffer.concat([
    Buffer.from([0, 3, 0, 12, 0, 0, 0, 1, 0, clientId.length]),
    clientId,
    Buffer.from([0]),
    // One topic, by name: no id yet.
    Buffer.from([2]),
    Buffer.alloc(16),
    compactLength(name.length),
    name,
    // No tags; no topic is made by asking; no authorized operations; no tags.
    Buffer.from([0, 0, 0, 0]),
  ])
  const size = Buffer.alloc(4)
  size.writeUInt32BE(body.length)
  return Buffer.concat([size, body])
}

/** Length + 1 as an unsigned varint; topic names have at most 249 bytes. */
function compactLength(length: number): Buffer {
  const value = length + 1
  return value < 128 ? Buffer.from([value]) : Buffer.from([(value & 127) | 128, value >> 7])
}

function readAnswer(bytes: Buffer, topic: string): string {
  let at = 8
  const varint = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes.readUInt8(at++)
      value |= (byte & 127) << shift
      if (byte < 128) return value
    }
  }
  const text = (): string => {
    const length = Math.max(0, varint() - 1)
    at += length
    return bytes.toString('utf8', at - length, at)
  }
  const skipTags = (): void => {
    for (let left = varint(); left > 0; left--) {
      varint()
      at += varint()
    }
  }
  skipTags()
  at += 4
  for (let left = varint() - 1; left > 0; left--) {
    at += 4
    text()
    at += 4
    text()
    skipTags()
  }
  text()
  at += 4
  varint()
  const error = bytes.readInt16BE(at)
  at += 2
  const name = text()
  if (error !== 0 || name !== topic) throw new Error(`the topic ${topic} has error ${error}`)
  return bytes.toString('hex', at, at + 16)
}
