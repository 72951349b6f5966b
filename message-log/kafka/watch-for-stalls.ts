import type { PartitionQueue } from './partition-queue.ts'

const watchMs = 5_000
/** Members of a group beyond the number of partitions have none; a client that lost its way has none either. */
const withoutPartitionsMs = 300_000

/**
 * The known hangs of the client: there is something to read, the brokers answer, and nothing comes. Then it says in `wanted` why the
 * client is to be made anew. Looks until the timer is cleared.
 */
export function watchForStalls(reader: {
  readonly state: { lastProgressAt: number; wanted: string | null }
  readonly queues: ReadonlyMap<number, PartitionQueue>
  readonly stallMs: number
  readonly isFull: () => boolean
  /** Offset after the newest message. */
  readonly endOf: (partition: number) => Promise<number>
}): NodeJS.Timeout {
  const { state, queues, stallMs, isFull, endOf } = reader
  const look = async (): Promise<void> => {
    const idleMs = performance.now() - state.lastProgressAt
    if (idleMs < stallMs || isFull() || state.wanted !== null) return
    if (queues.size === 0) {
      if (idleMs > withoutPartitionsMs) state.wanted ??= 'it has had no partition for minutes'
      return
    }
    const before = state.lastProgressAt
    for (const queue of [...queues.values()]) {
      const end = await endOf(queue.partition)
      if (before !== state.lastProgressAt) return
      if (end > (queue.next() ?? 0) && queue.size() === 0 && queues.has(queue.partition))
        state.wanted ??= `nothing came of partition ${queue.partition} for ${Math.round(idleMs / 1000)} s though it has more`
    }
    state.lastProgressAt = performance.now()
  }
  return setInterval(() => void look().catch(() => undefined), watchMs).unref()
}
