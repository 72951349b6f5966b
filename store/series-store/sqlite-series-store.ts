import { setImmediate as nextTurn } from 'node:timers/promises'
import { LarderError } from '../../domain/index.ts'
import { describeSystemError } from '../../runtime/index.ts'
import { createSeriesReader } from './series-reader.ts'
import { openSeriesDatabase } from './series-schema.ts'
import type { SeriesStore } from './series-store.ts'
import { createSeriesWriter, type SeriesWriter } from './series-writer.ts'

/** Series deleted from in one transaction of a prune, so that writes get their turn in between. */
const prunedAtOnce = 50

/** Readings in one SQLite file (or ':memory:'). One writer at a time; any number of readonly ones beside it. */
export function createSqliteSeriesStore(options: {
  readonly file: string
  readonly readonly?: boolean
}): SeriesStore {
  const isReadonly = options.readonly ?? false
  const db = openSeriesDatabase(options.file, isReadonly)
  const writer = isReadonly ? null : createSeriesWriter(db)

  function write<T>(run: (writer: SeriesWriter) => T): T {
    if (!writer) {
      throw new LarderError('RT_INTERNAL', `${options.file} was opened for reading only.`)
    }
    try {
      return run(writer)
    } catch (error) {
      throw describeSystemError(error, { what: `${options.file} was not written`, remedy: '' })
    }
  }

  return {
    ...createSeriesReader(db),
    write: async (readings, applied) =>
      Promise.resolve(write((writer) => writer.write(readings, applied))),
    async prune(before, rollupsBefore) {
      let readings = 0
      if (rollupsBefore !== undefined)
        write((writer) => {
          writer.pruneRollups(rollupsBefore)
        })
      for (;;) {
        const part = write((writer) => writer.prune(before, prunedAtOnce))
        readings += part.readings
        if (!part.more) return { readings }
        await nextTurn()
      }
    },
    async close() {
      db.close()
      await Promise.resolve()
    },
  }
}
