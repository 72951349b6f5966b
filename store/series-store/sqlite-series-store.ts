import { setImmediate as nextTurn } from 'node:timers/promises'
import { LarderError } from '../../domain/index.ts'
import { describeSystemError } from '../../runtime/index.ts'
import { createBlockCodec } from './block-codec.ts'
import { createBoots } from './boots.ts'
import type { MergePace } from './merger.ts'
import { createPending } from './pending.ts'
import { createSegmentFeed } from './segments.ts'
import { createSeriesReader } from './series-reader.ts'
import { openSeriesDatabase } from './series-schema.ts'
import type { SeriesStore } from './series-store.ts'
import { createSeriesWriter, type SeriesWriter } from './series-writer.ts'

export interface SqliteSeriesOptions {
  readonly file: string
  readonly readonly?: boolean
  /** Absent: by the number of series and readings. */
  readonly merging?: MergePace
  /** What was found damaged and set aside, in words. */
  readonly onDamage?: (words: string) => void
}

/** Readings in one SQLite file (or ':memory:'). One writer at a time; any number of readonly ones beside it. */
export function createSqliteSeriesStore(options: SqliteSeriesOptions): SeriesStore {
  const isReadonly = options.readonly ?? false
  const db = openSeriesDatabase(options.file, isReadonly)
  const onDamage = options.onDamage ?? (() => undefined)

  function open() {
    const codec = createBlockCodec()
    const boots = createBoots(db)
    const pending = createPending()
    const setAside = (segment: number, error: Error): void => {
      const words = `A batch of readings in ${options.file} is damaged (${error.message}) and was set aside: its readings are not given. Restore a backup, or import them again.`
      db.prepare('INSERT INTO damaged (words, data) SELECT ?, data FROM segments WHERE id = ?').run(
        words,
        segment,
      )
      db.prepare('DELETE FROM segments WHERE id = ?').run(segment)
      onDamage(words)
    }
    const feed = createSegmentFeed(db, pending, codec, isReadonly ? undefined : setAside)
    const parts = { db, codec, boots, pending, feed }
    if (!isReadonly) feed.refresh()
    return {
      reader: createSeriesReader(parts),
      writer: isReadonly
        ? null
        : createSeriesWriter({ ...parts, onDamage, merging: options.merging }),
    }
  }

  let state = open()

  function write<T>(run: (writer: SeriesWriter) => T): T {
    if (!state.writer) {
      throw new LarderError('RT_INTERNAL', `${options.file} was opened for reading only.`)
    }
    try {
      return run(state.writer)
    } catch (error) {
      // The transaction is undone; what is remembered of it must not stay either.
      state = open()
      throw describeSystemError(error, { what: `${options.file} was not written`, remedy: '' })
    }
  }

  return {
    applied: (group) => state.reader.applied(group),
    range: (query) => state.reader.range(query),
    latest: (query) => state.reader.latest(query),
    hourly: (query) => state.reader.hourly(query),
    watermarks: () => state.reader.watermarks(),
    stats: () => state.reader.stats(),
    write: async (readings, applied) =>
      Promise.resolve(write((writer) => writer.write(readings, applied))),
    async prune(before, rollupsBefore) {
      let readings = 0
      while (write((writer) => writer.waitsBefore(before) && writer.mergeSome())) await nextTurn()
      for (;;) {
        const part = write((writer) => writer.prune(before))
        readings += part.readings
        if (!part.more) break
        await nextTurn()
      }
      if (rollupsBefore !== undefined) {
        write((writer) => {
          writer.pruneRollups(rollupsBefore)
        })
      }
      return { readings }
    },
    async close() {
      db.close()
      await Promise.resolve()
    },
  }
}
