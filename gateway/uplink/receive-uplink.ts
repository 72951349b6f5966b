import type { Clock, DevicePath, RawMessage } from '../../domain/index.ts'
import type { AppendQueue } from '../append-queue.ts'
import { checkUplinked, toUplinked, type UplinkRefusal } from './check-uplinked.ts'
import { createClockCorrection } from './clock-correction.ts'
import { readUplinkPacket } from './uplink-packet.ts'

/** The hub's end of an uplink. */
export interface UplinkReceiver {
  /**
   * Keeps the messages of a batch as this gateway's site's, then calls back without an error: all of them are durable, and
   * the batch may be acknowledged. What may not be kept is counted and left out; what cannot be read is kept as it came.
   */
  receive(gateway: DevicePath, packet: RawMessage, done: (error: Error | null) => void): void
}

const maxTopics = 100_000

export function createUplinkReceiver(deps: {
  readonly queue: Pick<AppendQueue, 'add' | 'addAll'>
  readonly clock: Clock
  /** Whether a state may take the place of what is retained on its topic. */
  readonly mayRetain: (message: RawMessage) => boolean
  /** Called for each message once all of its batch are durable. */
  readonly onKept: (message: RawMessage) => void
  readonly onCounted: (what: 'kept' | 'unreadable-batch' | UplinkRefusal, count: number) => void
}): UplinkReceiver {
  const { queue, clock } = deps
  const corrections = createClockCorrection()
  /** Receive times of the states on their way to the disk: an older one in the next batch must not take their place. */
  const newest = new Map<string, number>()

  const mayRetain = (message: RawMessage): boolean => {
    const { topic, receivedAt } = message
    if (receivedAt < (newest.get(topic) ?? -Infinity) || !deps.mayRetain(message)) return false
    if (newest.size >= maxTopics) newest.clear()
    newest.set(topic, receivedAt)
    return true
  }

  return {
    receive(gateway, packet, done) {
      const now = clock.now()
      const batch = readUplinkPacket(packet.payload)
      if (!batch) {
        deps.onCounted('unreadable-batch', 1)
        queue.add(packet, done)
        return
      }
      const name = `${gateway.site}/${gateway.device}`
      const context = {
        log: batch.log,
        isBacklog: batch.isBacklog,
        correctionMs: corrections.of(name, batch.sentAt, now),
        now,
        mayRetain,
      }
      const kept: RawMessage[] = []
      for (const message of batch.messages) {
        const refusal = checkUplinked(message, gateway.site)
        if (refusal) {
          deps.onCounted(refusal, 1)
          continue
        }
        kept.push(toUplinked(message, context))
      }
      if (batch.damaged.length > 0) deps.onCounted('damaged', batch.damaged.length)
      queue.addAll(kept, (error) => {
        done(error)
        if (error) return
        deps.onCounted('kept', kept.length)
        for (const message of kept) deps.onKept(message)
      })
    },
  }
}
