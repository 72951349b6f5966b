import type { LoggedMessage, Position } from '../../domain/index.ts'
import {
  batchBytes,
  readBatch,
  recordBytes,
  writeBatch,
  type PackedRecord,
} from '../../message-log/index.ts'

/**
 * What an edge gateway publishes to `v1/{site}/{gateway}/uplink` (docs/uplink.md). Little endian:
 *
 *     version (1), flags, id of the log that kept the messages first (16 bytes),
 *     the edge's clock at sending (float64, epoch ms), then one packed batch of that log
 */
export interface UplinkPacket {
  readonly isBacklog: boolean
  /** 32 hex digits. */
  readonly log: string
  readonly sentAt: number
  readonly messages: readonly LoggedMessage[]
  readonly damaged: readonly Position[]
}

/** The longest message that a gateway takes still fits a batch, with what the batch adds to it (at most 26 + 24 + 21 + 130 + 256 + 2 + 142). */
export const uplinkSlackBytes = 1024

const version = 1
const backlogFlag = 1
const field = { version: 0, flags: 1, log: 2, sentAt: 18, batch: 26 } as const

/** Bytes of a packet beside its records, each of which needs `recordBytes` more than its own. */
const packetBytes = field.batch + batchBytes

/** Length of a packet of so many records with so many bytes. */
export function uplinkPacketBytes(count: number, bytes: number): number {
  return packetBytes + count * recordBytes + bytes
}

export function writeUplinkPacket(packet: {
  readonly isBacklog: boolean
  readonly log: string
  readonly sentAt: number
  readonly records: readonly PackedRecord[]
}): Buffer {
  const size = packet.records.reduce((sum, { bytes }) => sum + bytes.length, 0)
  const target = Buffer.allocUnsafe(uplinkPacketBytes(packet.records.length, size))
  target.writeUInt8(version, field.version)
  target.writeUInt8(packet.isBacklog ? backlogFlag : 0, field.flags)
  target.write(packet.log, field.log, field.sentAt - field.log, 'hex')
  target.writeDoubleLE(packet.sentAt, field.sentAt)
  writeBatch(target, field.batch, packet.records)
  return target
}

/** Null where it cannot be read, as of a later version. */
export function readUplinkPacket(payload: Uint8Array): UplinkPacket | null {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length)
  if (bytes.length < packetBytes || bytes.readUInt8(field.version) !== version) return null
  const flags = bytes.readUInt8(field.flags)
  const sentAt = bytes.readDoubleLE(field.sentAt)
  if ((flags & ~backlogFlag) !== 0 || !Number.isFinite(sentAt)) return null
  const batch = readBatch(bytes.subarray(field.batch))
  return (
    batch && {
      isBacklog: (flags & backlogFlag) !== 0,
      log: bytes.toString('hex', field.log, field.sentAt),
      sentAt,
      ...batch,
    }
  )
}
