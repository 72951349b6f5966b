import { Counter, type Registry } from '../runtime/index.ts'
import type { PreparedMessage } from './prepare-batch.ts'
import type { DeadLetterReplay } from './replay-dead-letters.ts'

/** Since the start of this process. */
export interface IngestCounts {
  readonly messages: number
  readonly readings: number
  readonly duplicates: number
  readonly deadLetters: number
  readonly rejected: number
}

export interface IngestCounter {
  addBatch(messages: readonly PreparedMessage[]): void
  addRejected(): void
  addReplay(replay: DeadLetterReplay): void
  read(): IngestCounts
}

export function createIngestCounts(metrics: Registry): IngestCounter {
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter({ name, help, labelNames, registers: [metrics] })
  const messages = counter('larder_ingest_messages_total', 'Messages of the log applied.')
  const readings = counter('larder_ingest_readings_total', 'Readings written.')
  const duplicates = counter('larder_ingest_duplicates_total', 'Messages that had come before.')
  const rejected = counter('larder_ingest_rejected_total', 'Readings the series store refused.')
  const deadLetters = counter('larder_ingest_dead_letters_total', 'Messages not understood.', [
    'reason',
  ])
  const replays = counter('larder_ingest_dead_letters_replayed_total', 'Dead letters read again.', [
    'result',
  ])
  const skipped = counter(
    'larder_ingest_metrics_skipped_total',
    'Sparkplug metrics that are no numbers, or no channels.',
  )
  const counts = { messages: 0, readings: 0, duplicates: 0, deadLetters: 0, rejected: 0 }

  return {
    addBatch(batch) {
      const before = { ...counts }
      let passedOver = 0
      counts.messages += batch.length
      for (const prepared of batch) {
        counts.readings += prepared.readings.length
        counts.duplicates += prepared.duplicates
        passedOver += prepared.message.news?.skipped ?? 0
        if (prepared.message.type !== 'bad') continue
        counts.deadLetters++
        deadLetters.inc({ reason: prepared.message.letter.reason })
      }
      skipped.inc(passedOver)
      messages.inc(counts.messages - before.messages)
      readings.inc(counts.readings - before.readings)
      duplicates.inc(counts.duplicates - before.duplicates)
    },
    addRejected() {
      counts.rejected++
      rejected.inc()
    },
    addReplay({ replayed, stillBad }) {
      replays.inc({ result: 'stored' }, replayed)
      replays.inc({ result: 'still-bad' }, stillBad)
    },
    read: () => ({ ...counts }),
  }
}
