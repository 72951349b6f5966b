import { connect, type Socket } from 'node:net'

/** MQTT 3.1.1 on a raw socket: a client library would be slower than the gateway, and would hide which answer came when. */
export interface RawLogin {
  readonly clientId: string
  readonly username: string
  readonly password: string
  readonly keepAliveSeconds?: number
  readonly will?: { readonly topic: string; readonly payload: string; readonly retain: boolean }
}

export const packetType = {
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubcomp: 7,
  suback: 9,
} as const

export function textField(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes])
}

export const idField = (id: number): Buffer => Buffer.from([id >> 8, id & 255])

export function frame(first: number, ...parts: readonly Buffer[]): Buffer {
  const length: number[] = []
  let left = parts.reduce((sum, part) => sum + part.length, 0)
  do {
    length.push(left > 127 ? (left & 127) | 128 : left)
    left >>= 7
  } while (left > 0)
  return Buffer.concat([Buffer.from([first, ...length]), ...parts])
}

export function connectFrame({ clientId, username, password, ...rest }: RawLogin): Buffer {
  const { will, keepAliveSeconds = 0 } = rest
  const flags = 0xc2 | (will ? 0x0c | (will.retain ? 0x20 : 0) : 0)
  const head = [textField('MQTT'), Buffer.from([4, flags]), idField(keepAliveSeconds)]
  const willFields = will ? [textField(will.topic), textField(will.payload)] : []
  const fields = [textField(clientId), ...willFields, textField(username), textField(password)]
  return frame(0x10, ...head, ...fields)
}

/** `topic` is a text field already: it is the same for many messages. */
export function publishFrame(
  topic: Buffer,
  payload: Buffer,
  options: { readonly id: number; readonly qos: 1 | 2; readonly retain?: boolean },
): Buffer {
  const first = 0x30 | (options.qos << 1) | (options.retain ? 1 : 0)
  return frame(first, topic, idField(options.id), payload)
}

export const releaseFrame = (id: number): Buffer => frame(0x62, idField(id))

export const acknowledgeFrame = (id: number): Buffer => frame(0x40, idField(id))

export const subscribeFrame = (id: number, filter: string): Buffer =>
  frame(0x82, idField(id), textField(filter), Buffer.from([0]))

/** Calls back for each whole packet with its first byte and what stands behind its length. */
export function readPackets(
  onPacket: (first: number, body: Buffer) => void,
): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    for (;;) {
      let length = 0
      let head = at + 1
      let isWhole = false
      for (let shift = 0; head < bytes.length && !isWhole; shift += 7) {
        const byte = bytes[head++]!
        length |= (byte & 127) << shift
        isWhole = byte < 128
      }
      if (!isWhole || head + length > bytes.length) break
      onPacket(bytes[at]!, bytes.subarray(head, head + length))
      at = head + length
    }
    rest = bytes.subarray(at)
  }
}

/** Of a PUBLISH; `id` is null at QoS 0. */
export function readPublish(
  first: number,
  body: Buffer,
): { readonly topic: string; readonly payload: string; readonly id: number | null } {
  const end = 2 + body.readUInt16BE(0)
  const id = (first & 6) === 0 ? null : body.readUInt16BE(end)
  return {
    topic: body.toString('utf8', 2, end),
    payload: body.toString('utf8', id === null ? end : end + 2),
    id,
  }
}

/** A connected device; rejects where the gateway refuses it or closes. */
export function connectRaw(
  port: number,
  login: RawLogin,
  onPacket: (type: number, body: Buffer, first: number) => void,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let isConnected = false
    socket.on('error', () => undefined)
    socket.on('close', () => reject(new Error('closed before CONNACK')))
    socket.on('connect', () => socket.write(connectFrame(login)))
    socket.on(
      'data',
      readPackets((first, body) => {
        if (isConnected) onPacket(first >> 4, body, first)
        else if (first >> 4 === packetType.connack && body[1] === 0) {
          isConnected = true
          resolve(socket)
        } else {
          reject(new Error(`refused with code ${body[1]}`))
          socket.destroy()
        }
      }),
    )
  })
}
