import { LarderError, type Reading } from '../../domain/index.ts'
import type { SeriesStore } from '../../store/index.ts'
import type { Sink } from './sink.ts'

/** Readings that follow from others which are in the store by now. */
export interface Deriver {
  /** Whether these readings finish or reopen anything. */
  isDue(readings: readonly Reading[]): boolean
  /** `settle` is called once the derived readings are stored: until then the same is derived again. */
  derive(
    readings: readonly Reading[],
  ): Promise<{ readonly derived: readonly Reading[]; readonly settle: () => void }>
}

/** Readings into the series store; what is derived from a batch is stored before the batch counts as applied. */
export function createSeriesSink(deps: {
  readonly series: SeriesStore
  readonly deriver: Deriver
  readonly onRejected: () => void
}): Sink {
  const { series, deriver } = deps
  const group = 'series'

  async function write(...args: Parameters<SeriesStore['write']>): Promise<void> {
    for (const outcome of await series.write(...args)) {
      if (outcome.status === 'rejected') deps.onRejected()
      if (outcome.status === 'retry') throw new LarderError('RT_NOT_READY', outcome.words)
    }
  }

  return {
    group,
    applied: () => series.applied(group),
    async write(messages, applied) {
      const readings: Reading[] = []
      for (const message of messages) {
        for (const reading of message.readings) readings.push(reading)
        for (const reading of message.doubted) readings.push(reading)
      }
      if (!deriver.isDue(readings)) {
        await write(readings, applied)
        return
      }
      await series.write(readings)
      const { derived, settle } = await deriver.derive(readings)
      // The batch again, which changes nothing: its sites' watermarks move with `applied`, once what was due is there.
      await write([...readings, ...derived], applied)
      settle()
    },
  }
}
