import type Database from 'better-sqlite3'
import { LarderError } from '../../domain/index.ts'
import { DamagedBlockError, type BlockCodec } from './block-codec.ts'
import { reservePending, type Pending } from './pending.ts'

/** How far merging has come: all segments up to `floor` are merged and gone; of those up to `through`, the series below `series` are. */
export interface Merged {
  readonly floor: number
  readonly through: number
  readonly series: number
}

/** Segments (batches as they were written) of the file, followed in memory. */
export interface SegmentFeed {
  /** Takes in what was written and merged since, as the connection's transaction sees it. */
  refresh(): void
  /** A segment of readings that are in memory already. */
  note(segment: number): void
  /** What this connection itself has merged. */
  follow(merged: Merged): void
  merged(): Merged
  /** Segments that are not gone yet. */
  count(): number
  lastSegment(): number
  /** Place after the last reading of a segment. */
  endOf(segment: number): number
}

/** Without `onDamage` a damaged segment is an error; with it, it is set aside and named. */
export function createSegmentFeed(
  db: Database.Database,
  pending: Pending,
  codec: BlockCodec,
  onDamage?: (segment: number, error: Error) => void,
): SegmentFeed {
  const readMerged = db.prepare('SELECT floor, through, series FROM merged')
  const newer = db.prepare('SELECT id, data FROM segments WHERE id > ? ORDER BY id')
  let segments: { readonly id: number; readonly end: number }[] = []
  let merged: Merged = { floor: 0, through: 0, series: 0 }
  let last = 0

  function endOf(segment: number): number {
    let end = 0
    for (const one of segments) {
      if (one.id > segment) break
      end = one.end
    }
    return end
  }

  function follow(now: Merged): void {
    if (now.floor > merged.floor) {
      const end = endOf(now.floor)
      pending.drop(end)
      segments = segments
        .filter(({ id }) => id > now.floor)
        .map((one) => ({ id: one.id, end: one.end - end }))
      merged = { ...now, series: 0 }
      last = Math.max(last, now.floor)
    }
    const end = endOf(now.through)
    for (let series = merged.series; series < now.series; series++) pending.cut(series, end)
    merged = now
  }

  function load(id: number, data: Uint8Array): void {
    const from = pending.columns.length
    try {
      codec.decode(data, pending.columns, pending.series)
    } catch (error) {
      if (!(error instanceof DamagedBlockError)) throw error
      if (!onDamage) {
        throw new LarderError(
          'RT_STORE_DAMAGED',
          `A batch of readings in the series store is damaged (${error.message}). Start Larder again: it sets the batch aside and says so.`,
          { cause: error },
        )
      }
      onDamage(id, error)
    }
    reservePending(pending, 0)
    pending.link(from)
  }

  return {
    refresh() {
      const now = readMerged.get() as Merged
      if (now.floor > merged.floor) follow({ ...now, series: 0 })
      for (const { id, data } of newer.all(last) as { id: number; data: Uint8Array }[]) {
        load(id, data)
        segments.push({ id, end: pending.columns.length })
        last = id
      }
      follow(now)
    },
    note(segment) {
      segments.push({ id: segment, end: pending.columns.length })
      last = segment
    },
    follow,
    merged: () => merged,
    count: () => segments.length,
    lastSegment: () => last,
    endOf,
  }
}
