import type { Client, PublishPacket } from 'aedes'
import type { Clock, DevicePath, RawMessage } from '../domain/index.ts'

export function toPacket({ topic, payload, qos, retain }: RawMessage): PublishPacket {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length)
  return { cmd: 'publish', topic, payload: bytes, qos, retain, dup: false }
}

export function isWill(client: Client | null, packet: PublishPacket): boolean {
  return client === null || (client as unknown as { will: unknown }).will === packet
}

export function toMessage(
  packet: PublishPacket,
  client: Client | null,
  clock: Clock,
  path: DevicePath | null,
): RawMessage {
  const { topic, payload, qos, retain } = packet
  const message: RawMessage = {
    topic,
    payload: typeof payload === 'string' ? Buffer.from(payload) : payload,
    receivedAt: clock.now(),
    qos,
    retain,
    clientId: client?.id ?? null,
  }
  return path ? { ...message, path } : message
}
