import type Database from 'better-sqlite3'
import { LarderError } from '../../domain/index.ts'
import { DamagedBlockError, type BlockCodec } from './block-codec.ts'
import type { Columns } from './columns.ts'
import { dayOf } from './day-rollup.ts'

/**
 * Readings of one series within one day (of UTC), in order of time and settled: no two chunks of a series overlap, and readings of
 * one moment are in one chunk. `boot` and `quality` are null where readings differ in them.
 */
export interface Chunk {
  readonly day: number
  readonly series: number
  readonly at: number
  readonly lastAt: number
  readonly readings: number
  readonly boot: number | null
  readonly minSeq: number
  readonly maxSeq: number
  readonly quality: number | null
  readonly blob: number
}

/** A chunk of this many readings is left as it is. */
export const fullChunk = 512

const columns = 'day, series, at, last_at, readings, boot, min_seq, max_seq, quality, blob'

/** A row of the table, as an array: objects of ten fields cost several times as much to make. */
type ChunkRow = [
  ...[day: number, series: number, at: number, lastAt: number, readings: number],
  ...[boot: number | null, minSeq: number, maxSeq: number, quality: number | null, blob: number],
]

function chunkOf(row: ChunkRow): Chunk {
  const [day, series, at, lastAt, readings, boot, minSeq, maxSeq, quality, blob] = row
  return { day, series, at, lastAt, readings, boot, minSeq, maxSeq, quality, blob }
}

export type ChunkTable = ReturnType<typeof createChunkTable>

/** Without `setAside` a damaged chunk is an error to whoever asks for it; with it, it is given over and read as empty. */
export function createChunkTable(
  db: Database.Database,
  codec: BlockCodec,
  setAside?: (chunk: Chunk, error: LarderError) => void,
) {
  const nextDay = db.prepare('SELECT day FROM chunks WHERE day > ? ORDER BY day LIMIT 1').pluck()
  function find(condition: string): (...parameters: number[]) => Chunk[] {
    const rows = db.prepare(`SELECT ${columns} FROM chunks WHERE ${condition}`).raw()
    return (...parameters) => (rows.all(...parameters) as ChunkRow[]).map(chunkOf)
  }
  const lastFrom = find('day = ? AND series = ? AND at <= ? ORDER BY at DESC LIMIT 1')
  const lastOfDay = find('day = ? AND series = ? ORDER BY at DESC LIMIT ?')
  const reached = find('day = ? AND series = ? AND at >= ? ORDER BY at')
  const between = find('day = ? AND series = ? AND at < ? AND last_at >= ? ORDER BY at')
  const bySeq = find(
    'day = ? AND series = ? AND max_seq >= ? AND min_seq <= ? AND (boot IS NULL OR boot = ?)',
  )
  const before = find('day < ? OR (day = ? AND at < ?) LIMIT ?')
  const seriesOfDay = db.prepare('SELECT DISTINCT series FROM chunks WHERE day = ?').pluck()
  const blobOf = db.prepare('SELECT data FROM chunk_blobs WHERE id = ?').pluck()
  const addBlob = db.prepare('INSERT INTO chunk_blobs (data) VALUES (?)')
  const removeBlob = db.prepare('DELETE FROM chunk_blobs WHERE id = ?')
  const addRow = db.prepare('INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const removeRow = db.prepare('DELETE FROM chunks WHERE day = ? AND series = ? AND at = ?')
  const tail = 'FROM chunks WHERE day = ? AND series = ? AND at >= ?'
  const removeBlobs = db.prepare(`DELETE FROM chunk_blobs WHERE id IN (SELECT blob ${tail})`)
  const removeRows = db.prepare(`DELETE ${tail}`)
  let days: number[] | null = null

  function addOne(series: number, from: Columns, first: number, end: number): void {
    const day = dayOf(from.at[first]!)
    const { lastInsertRowid } = addBlob.run(codec.encode(from, first, end))
    const { at, seq } = from
    let minSeq = Infinity
    let maxSeq = -Infinity
    for (let i = first; i < end; i++) {
      minSeq = Math.min(minSeq, seq[i]!)
      maxSeq = Math.max(maxSeq, seq[i]!)
    }
    const boot = uniform(from.boot, first, end)
    const quality = uniform(from.quality, first, end)
    const [firstAt, lastAt, blob] = [at[first]!, at[end - 1]!, Number(lastInsertRowid)]
    // prettier-ignore
    addRow.run(day, series, firstAt, lastAt, end - first, boot, minSeq, maxSeq, quality, blob)
    if (days && !days.includes(day)) days = null
  }

  return {
    /** Days that have chunks, oldest first; remembered until `forgetDays`. */
    days(): readonly number[] {
      if (days) return days
      days = []
      for (;;) {
        const day = nextDay.get(days.at(-1) ?? -1) as number | undefined
        if (day === undefined) return days
        days.push(day)
      }
    },
    /** At the begin of every look at the file: another connection may have written. */
    forgetDays(): void {
      days = null
    },
    /** The last chunk of a day that begins at or before a moment. */
    lastFrom: (day: number, series: number, at: number) => lastFrom(day, series, at)[0],
    /** The last chunks of a day, in order. */
    lastOfDay: (day: number, series: number, limit: number) =>
      lastOfDay(day, series, limit).reverse(),
    /** Chunks of a day from the one on into which a moment falls. */
    reached(day: number, series: number, at: number): Chunk[] {
      return reached(day, series, lastFrom(day, series, at)[0]?.at ?? at)
    },
    /** Chunks with a reading that may be in [from, to). */
    between: (day: number, series: number, from: number, to: number) =>
      between(day, series, to, from),
    /** Chunks of a day in which a count of this boot with a seq of [minSeq, maxSeq] may be. */
    bySeq: (day: number, series: number, boot: number, minSeq: number, maxSeq: number) =>
      bySeq(day, series, minSeq, maxSeq, boot),
    /** Some chunks that begin before a moment. */
    before: (at: number, limit: number) => before(dayOf(at), dayOf(at), at, limit),
    seriesOfDay: (day: number) => seriesOfDay.all(day) as number[],

    /** Appends the chunk's readings; one that is not as it was written is named and not read. */
    load(chunk: Chunk, into: Columns): void {
      const blob = blobOf.get(chunk.blob) as Uint8Array | undefined
      try {
        const offset = into.length
        if (!blob) throw new DamagedBlockError('Its bytes are missing.')
        codec.decode(blob, into)
        if (into.length - offset === chunk.readings && into.at[offset] === chunk.at) return
        into.length = offset
        throw new DamagedBlockError('It is another one than the index says.')
      } catch (error) {
        if (!(error instanceof DamagedBlockError)) throw error
        const damage = damagedChunk(db, chunk, error)
        if (!setAside) throw damage
        setAside(chunk, damage)
      }
    },

    /** Readings in order, cut at the ends of days and into chunks that are full or nearly so. */
    add(series: number, from: Columns, begin = 0, end = from.length): void {
      for (let first = begin; first < end;) {
        const day = dayOf(from.at[first]!)
        let dayEnd = first + 1
        while (dayEnd < end && dayOf(from.at[dayEnd]!) === day) dayEnd++
        const pieces = Math.max(1, Math.floor((dayEnd - first) / fullChunk))
        const size = Math.ceil((dayEnd - first) / pieces)
        while (first < dayEnd) {
          let cut = Math.min(dayEnd, first + size)
          while (cut < dayEnd && from.at[cut] === from.at[cut - 1]) cut++
          addOne(series, from, first, cut)
          first = cut
        }
      }
    },
    remove({ day, series, at, blob }: Chunk): void {
      removeRow.run(day, series, at)
      removeBlob.run(blob)
    },
    /** This chunk and those after it of its day: two statements, however many there are. */
    removeFrom({ day, series, at }: Chunk): void {
      removeBlobs.run(day, series, at)
      removeRows.run(day, series, at)
    },
  }
}

function uniform(values: Float64Array, first: number, end: number): number | null {
  for (let i = first + 1; i < end; i++) if (values[i] !== values[first]) return null
  return values[first]!
}

function damagedChunk(db: Database.Database, chunk: Chunk, cause: Error): LarderError {
  const name = db
    .prepare(
      "SELECT site || '/' || device || '/' || channel || CASE gtin WHEN '' THEN '' ELSE '/' || gtin END FROM series WHERE id = ?",
    )
    .pluck()
    .get(chunk.series) as string | undefined
  const time = (at: number): string => new Date(at).toISOString()
  return new LarderError(
    'RT_STORE_DAMAGED',
    `${chunk.readings} readings of ${name ?? 'a series'} from ${time(chunk.at)} to ${time(chunk.lastAt)} are damaged in the series store (${cause.message}) and are not given. Ask for other times, or restore a backup.`,
    { cause },
  )
}
