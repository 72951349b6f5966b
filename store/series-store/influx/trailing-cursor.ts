import { fencedError, LarderError, type Applied, type Position } from '../../../domain/index.ts'

/** Where positions are kept in transactions: the operations store. */
export interface AppliedPositions {
  read(group: string): Promise<ReadonlyMap<number, Position>>
  /** Rejects with RT_FENCED where the group does not stand at `from`. */
  save(applied: Applied): Promise<void>
}

export interface WrittenBody {
  readonly bucket: string
  readonly body: Uint8Array
}

interface Written {
  readonly applied: Applied | undefined
  readonly writtenAt: number
  /** What was written, to be written again where the server lost it; null where it took too much memory. */
  bodies: readonly WrittenBody[] | null
}

/**
 * What InfluxDB has answered to be written, until it has been so for a while: only then does the position count as applied. A server that is
 * started again in between may have lost it: then it is written again from memory, or, by whoever reads the log, from the position.
 */
export function createTrailingCursor(options: {
  readonly positions: AppliedPositions
  readonly trailMs: number
  /** Memory for what is written within that time. */
  readonly keepBytes: number
  /** Wall or monotonic clock. */
  readonly now: () => number
}) {
  const { positions, trailMs, now } = options
  let written: Written[] = []
  let keptBytes = 0
  /** By group and partition, as this process last knew it to be kept. */
  const kept = new Map<string, Position | null>()
  /** Partitions whose last write is ours. */
  const going = new Set<string>()
  let saving: Promise<void> = Promise.resolve()

  const keyOf = ({ group, partition }: Applied): string => `${group}/${partition}`
  const bytesOf = ({ bodies }: Written): number =>
    bodies?.reduce((sum, { body }) => sum + body.length, 0) ?? 0

  async function readKept(applied: Applied): Promise<Position | null> {
    const position = (await positions.read(applied.group)).get(applied.partition) ?? null
    kept.set(keyOf(applied), position)
    return position
  }

  function newestOf(applied: Applied): Position | null {
    const key = keyOf(applied)
    const last = written.findLast((one) => one.applied && keyOf(one.applied) === key)
    return last?.applied?.position ?? kept.get(key) ?? null
  }

  async function saveOne(applied: Applied): Promise<void> {
    const key = keyOf(applied)
    const from = kept.get(key) ?? null
    if (from !== null && applied.position <= from) return
    const { group, partition, position } = applied
    const isFenced = applied.from !== undefined
    await positions.save({ group, partition, position, ...(isFenced ? { from } : {}) })
    kept.set(key, position)
  }

  /** Saves what is old enough. What fails stays, and is tried again. */
  async function settle(): Promise<void> {
    const due = now() - trailMs
    const newest = new Map<string, Applied>()
    let settled = 0
    for (const one of written) {
      if (one.writtenAt > due) break
      settled++
      if (one.applied) newest.set(keyOf(one.applied), one.applied)
    }
    if (settled === 0) return
    for (const applied of newest.values()) await saveOne(applied)
    for (const one of written.splice(0, settled)) keptBytes -= bytesOf(one)
  }

  return {
    /**
     * Rejects with RT_FENCED where the writer goes on from where neither this process nor the group has been. False where it does not
     * go on from its own last write: another may have written the partition in between.
     */
    async check(applied: Applied): Promise<boolean> {
      const key = keyOf(applied)
      const isGoing = going.has(key)
      if (!kept.has(key)) await readKept(applied)
      if (applied.from === undefined) return isGoing
      const stands = newestOf(applied)
      if (stands === applied.from || stands === applied.position) return isGoing
      const own = written.findIndex(
        (one) => one.applied && keyOf(one.applied) === key && one.applied.position === applied.from,
      )
      const isKept = applied.from === kept.get(key)
      if (own < 0 && !isKept && (await readKept(applied)) !== applied.from)
        throw fencedError(applied, stands)
      // The writer went back to read again: what it had done beyond counts no more.
      written = written.map((one, i) =>
        i > own && one.applied && keyOf(one.applied) === key ? { ...one, applied: undefined } : one,
      )
      return false
    },
    add(applied: Applied | undefined, bodies: readonly WrittenBody[]): void {
      const one: Written = { applied, writtenAt: now(), bodies }
      written.push(one)
      if (applied) going.add(keyOf(applied))
      keptBytes += bytesOf(one)
      for (const old of written) {
        if (keptBytes <= options.keepBytes) break
        keptBytes -= bytesOf(old)
        old.bodies = null
      }
    },
    /** One at a time. */
    settle(): Promise<void> {
      saving = saving.then(settle, settle)
      return saving
    },
    /** Writes all again that is not settled, in its order. */
    async rewrite(write: (body: WrittenBody) => Promise<void>): Promise<void> {
      for (const one of written) {
        if (one.bodies === null)
          throw new LarderError(
            'RT_STORE_DAMAGED',
            'InfluxDB was started again and may have lost what it had acknowledged, more than is kept in memory. Start ingest again: it reads the message log from where InfluxDB is sure to have it.',
          )
        for (const body of one.bodies) await write(body)
      }
      written = written.map((one) => ({ ...one, writtenAt: now() }))
    },
    /** Where the group stands for sure, also by the word of other processes. */
    async applied(group: string): Promise<ReadonlyMap<number, Position>> {
      const read = await positions.read(group)
      for (const [partition, position] of read) kept.set(`${group}/${partition}`, position)
      return read
    },
    isEmpty: () => written.length === 0,
  }
}
