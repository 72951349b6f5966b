import type { Position } from '../../domain/index.ts'
import type { PackedRecord } from '../../message-log/index.ts'
import { uplinkPacketBytes, uplinkSlackBytes, writeUplinkPacket } from './uplink-packet.ts'

/** Messages that go to the hub together. */
export interface UplinkBatch {
  readonly from: Position
  readonly to: Position
  readonly count: number
  readonly payload: Buffer
}

/** Gathers messages that follow each other into one packet of bounded size. */
export interface UplinkBatcher {
  /** Whether a record may go into the batch begun: the batch has to be taken first where it may not. */
  fits(record: PackedRecord): boolean
  add(record: PackedRecord): void
  count(): number
  /** Position of the first message gathered. */
  from(): Position
  take(isBacklog: boolean): UplinkBatch
  clear(): void
}

export function createUplinkBatcher(deps: {
  readonly log: string
  readonly maxPacketBytes: number
  readonly maxMessages: number
  /** The clock that receive times are of. */
  readonly clock: { now(): number }
}): UplinkBatcher {
  const { log, clock } = deps
  let records: PackedRecord[] = []
  let bytes = 0

  const clear = (): void => {
    records = []
    bytes = 0
  }

  return {
    fits(record) {
      const last = records.at(-1)
      if (!last) return true
      const size = uplinkPacketBytes(records.length + 1, bytes + record.bytes.length)
      return (
        record.position === last.position + 1 &&
        records.length < deps.maxMessages &&
        size <= deps.maxPacketBytes
      )
    },
    add(record) {
      records.push(record)
      bytes += record.bytes.length
    },
    count: () => records.length,
    from: () => records[0]?.position ?? 0,
    take(isBacklog) {
      const payload = writeUplinkPacket({ isBacklog, log, sentAt: clock.now(), records })
      const [from, to] = [records[0]!.position, records.at(-1)!.position]
      const count = records.length
      clear()
      return { from, to, count, payload }
    },
    clear,
  }
}

/** Whether a message is too long for any batch that the hub would take. */
export function isTooLong(record: PackedRecord, maxPacketBytes: number): boolean {
  return uplinkPacketBytes(1, record.bytes.length) > maxPacketBytes + uplinkSlackBytes
}
