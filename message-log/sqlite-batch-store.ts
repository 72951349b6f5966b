import { dirname } from 'node:path'
import { errorMessage, LarderError, type Clock, type Position } from '../domain/index.ts'
import { describeSystemError, syncFolder } from '../runtime/index.ts'
import { readHeader, sealBatch, type PackedBatch, type StoredBatch } from './batch.ts'
import { missing, readBytes, type BatchStore } from './batch-store.ts'
import { openHighWaterMark, type HighWaterMark } from './high-water-mark.ts'
import { isDamage, openLogDatabase, type Connection } from './log-database.ts'
import type { LogHole } from './message-log.ts'
import { pruneBatches, usedBytes } from './prune-batches.ts'

export interface SqliteBatchStoreDeps {
  readonly file: string
  readonly wall: Clock
  /** Told in a sentence what was found damaged at the start. */
  readonly notice: (words: string) => void
  readonly connect?: (file: string) => Connection
}

interface Row {
  readonly first: unknown
  readonly count: unknown
  readonly body: unknown
}

/** One row per batch, WAL, synchronous FULL: what `append` has returned from survives power loss. */
export function openSqliteBatchStore(deps: SqliteBatchStoreDeps): BatchStore {
  const {
    connection,
    end: lastStored,
    setAside,
  } = openLogDatabase(deps.file, deps.connect, deps.wall.now())
  const mark = openMark(deps.file, connection)
  const insert = connection.prepare('INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?)')
  const holding = connection
    .prepare<[Position], number>(
      'SELECT first FROM batch WHERE first <= ? ORDER BY first DESC LIMIT 1',
    )
    .pluck()
  const rowsFrom = connection.prepare<[Position], Row>(
    'SELECT first, count, body FROM batch WHERE first >= ? ORDER BY first',
  )
  const insertHole = connection.prepare('INSERT OR IGNORE INTO hole VALUES (?, ?, ?)')
  const readers = connection
    .prepare<[], [string, Position]>('SELECT name, position FROM reader')
    .raw()
  const upsertReader = connection.prepare('INSERT OR REPLACE INTO reader VALUES (?, ?)')
  const oldest = connection
    .prepare<[], number>('SELECT oldest_received_at FROM batch ORDER BY first LIMIT 1')
    .pluck()
  const newest = connection
    .prepare<[], number>('SELECT newest_received_at FROM batch ORDER BY first DESC LIMIT 1')
    .pluck()

  const id = connection.prepare<[], string>('SELECT id FROM identity').pluck().get()!
  let end = lastStored
  const oldestFirst = connection.prepare<[], number>('SELECT min(first) FROM batch').pluck()
  // Never beyond what is there, whatever a damaged number says.
  let prunedThrough = Math.min(
    unlessDamaged(
      () => connection.prepare<[], number>('SELECT through FROM pruned').pluck().get() ?? 0,
      0,
    ),
    unlessDamaged(() => oldestFirst.get() ?? end + 1, end + 1) - 1,
  )
  const knownHoles = connection.prepare<[], LogHole>(
    'SELECT first AS "from", last AS "to", words FROM hole ORDER BY first',
  )
  const holes = unlessDamaged(() => knownHoles.all(), [])
  let broken: LarderError | null = null
  let isJournalOurs = false

  const addHole = (hole: LogHole): void => {
    if (holes.some(({ from, to }) => from <= hole.from && hole.to <= to)) return
    holes.push(hole)
    try {
      insertHole.run(hole.from, hole.to, hole.words)
    } catch {
      // Known until the next start; a reader that passes the place finds it again.
    }
  }

  const recover = (): void => {
    // Without the mark any number may have been given before: thousandfold wall milliseconds lie above all of them.
    const known = mark.position() ?? (setAside === null ? end : deps.wall.now() * 1000)
    if (known > end) {
      addHole({
        ...missing(end + 1, known),
        words: `The log lost its end: positions ${end + 1} to ${known} were kept once and are gone.`,
      })
      deps.notice(
        setAside === null
          ? `The newest ${known - end} messages of ${deps.file} are lost: its journal is damaged. Readers are told; nothing else is affected.`
          : `${deps.file} is damaged. It was moved to ${setAside} and a new log begun: keep the file if messages not yet ingested matter.`,
      )
      end = known
    }
    mark.raise(end)
  }
  recover()

  /**
   * A journal found at the start was perhaps never synced: after a sync that fails, the system shows its pages to the next
   * process and does not write them again. What is appended behind them would be lost with them, so they move into the file first.
   */
  const beginJournal = (): void => {
    connection.pragma('wal_checkpoint(TRUNCATE)')
    isJournalOurs = true
  }

  const insertAll = connection.transaction((batches: readonly PackedBatch[]): StoredBatch[] => {
    let first = end + 1
    return batches.map((batch) => {
      const stored = sealBatch(batch, first)
      insert.run(
        first,
        batch.count,
        batch.buffer.byteLength,
        Math.floor(batch.oldestReceivedAt),
        Math.ceil(batch.newestReceivedAt),
        Buffer.from(batch.buffer),
      )
      first += batch.count
      return stored
    })
  })

  /** The next rows in order; ends at a damaged page as if nothing followed. */
  function* readable(from: Position): Generator<StoredBatch> {
    try {
      for (const row of rowsFrom.iterate(from)) {
        const batch = toBatch(row)
        if (batch) yield batch
      }
    } catch (error) {
      if (!isDamage(error)) throw error
    }
  }

  const firstFrom = (from: Position): StoredBatch | null => {
    for (const batch of readable(from)) return batch
    return null
  }

  /** Past damaged pages: probes at doubling distances, then halves the distance to the nearest readable batch. */
  const nextReadable = (from: Position): StoredBatch | null => {
    let step = 1
    let found = firstFrom(from)
    while (!found && from + step <= end) {
      found = firstFrom(from + step)
      if (!found) step *= 2
    }
    let unreadable = from + Math.floor(step / 2)
    while (found && unreadable + 1 < found.first) {
      const middle = Math.floor((unreadable + found.first) / 2)
      const nearer = firstFrom(middle)
      if (nearer && nearer.first < found.first) found = nearer
      else unreadable = middle
    }
    return found
  }

  const startOf = (from: Position): Position => unlessDamaged(() => holding.get(from) ?? from, from)

  return {
    id: () => id,
    start: () => prunedThrough + 1,
    end: () => end,
    append(batches) {
      if (broken) throw broken
      let stored: StoredBatch[]
      try {
        if (!isJournalOurs) beginJournal()
        stored = insertAll.immediate(batches)
      } catch (error) {
        const failure = appendError(error, deps.file)
        if (failure.code === 'RT_STORE_DAMAGED') broken = failure
        throw failure
      }
      end += batches.reduce((sum, { count }) => sum + count, 0)
      mark.raise(end)
      return stored
    },
    read(from, maxMessages) {
      const batches: StoredBatch[] = []
      const found: LogHole[] = []
      let next = startOf(from)
      let messages = 0
      let bytes = 0
      const isFull = (): boolean => messages >= maxMessages || bytes >= readBytes
      const take = (batch: StoredBatch): void => {
        if (batch.first < next) return
        const at = Math.max(next, from)
        if (batch.first > at) found.push(missing(at, batch.first - 1))
        batches.push(batch)
        messages += batch.count
        bytes += batch.buffer.byteLength
        next = batch.first + batch.count
      }
      while (!isFull() && next <= end) {
        for (const batch of readable(next)) {
          take(batch)
          if (isFull()) break
        }
        if (isFull() || next > end) break
        const beyond = nextReadable(next)
        if (beyond) take(beyond)
        else {
          found.push(missing(Math.max(next, from), end))
          next = end + 1
        }
      }
      for (const hole of found) addHole(hole)
      return { batches, holes: found, next: Math.max(next, from) }
    },
    prune(limits) {
      const pruned = pruneBatches(connection, { ...limits, end })
      prunedThrough = Math.max(prunedThrough, pruned.through)
      return pruned.isDone
    },
    readers: () => new Map(unlessDamaged(() => readers.all(), [])),
    setReaders(next) {
      try {
        connection.transaction(() => {
          for (const [name, position] of next) upsertReader.run(name, position)
        })()
      } catch {
        // Only a hint for pruning, and written again at the next prune.
      }
    },
    holes: () => holes,
    addHole,
    bytes: () => usedBytes(connection),
    oldestReceivedAt: () => unlessDamaged(() => oldest.get() ?? null, null),
    newestReceivedAt: () => unlessDamaged(() => newest.get() ?? null, null),
    close() {
      mark.close()
      connection.close()
    },
  }
}

function openMark(file: string, connection: Connection): HighWaterMark {
  try {
    const mark = openHighWaterMark(`${file}.mark`)
    // SQLite syncs the folder too, and passes over a failure: without its name a synced journal is gone all the same.
    syncFolder(dirname(file))
    return mark
  } catch (error) {
    connection.close()
    throw describeSystemError(error, {
      what: `The mark of ${file} cannot be opened`,
      remedy: '',
    })
  }
}

function toBatch({ first, count, body }: Row): StoredBatch | null {
  if (typeof first !== 'number' || typeof count !== 'number' || !Buffer.isBuffer(body)) return null
  const buffer = body.buffer.slice(body.byteOffset, body.byteOffset + body.length) as ArrayBuffer
  const known = readHeader(buffer)
  if (known?.first === first) return { buffer, first, count: known.count }
  const isPlausible = Number.isInteger(count) && count > 0 && count <= body.length
  return isPlausible ? { buffer, first, count } : null
}

function unlessDamaged<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch (error) {
    if (!isDamage(error)) throw error
    return otherwise
  }
}

/** After a failed sync the system may have dropped what it was given: nothing may be acknowledged until a new start has read what is really there. */
function appendError(error: unknown, file: string): LarderError {
  if ((error as { code?: unknown } | null)?.code === 'SQLITE_FULL') {
    return new LarderError(
      'RT_DISK_FULL',
      `The disk of ${file} is full: messages are not acknowledged until there is space. Free some; it goes on by itself.`,
      { cause: error },
    )
  }
  return new LarderError(
    'RT_STORE_DAMAGED',
    `${file} cannot be written (${errorMessage(error)}): no message is acknowledged. Start again; check the disk if that does not help.`,
    { cause: error },
  )
}
