import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { Settings } from '../config/index.ts'
import type { ClockAnchor, DeadLetterReason, LarderError } from '../domain/index.ts'
import { compiledUrl, connectRpc, startWorker } from '../runtime/index.ts'
import { connectSeriesStore, type SeriesStore } from '../store/index.ts'
import type { IngestCounts } from './ingest-counts.ts'
import type { DeadLetterReplay } from './replay-dead-letters.ts'

export interface IngestWorkerData {
  readonly logPort: MessagePort
  readonly operationsPort: MessagePort
  readonly seriesFile: string
  readonly anchor: ClockAnchor
  /** City milliseconds per wall millisecond, at most. */
  readonly clockSpeed: number
  readonly settings: Pick<Settings, 'ingest'> & {
    readonly series: Pick<Settings['series'], 'keepDays' | 'keepRollupYears'>
  }
  readonly logLevel: string
}

export interface IngestStatus {
  readonly lagMs: number
  readonly counts: IngestCounts
}

/** What the thread answers beside the series store. */
export interface IngestControl {
  /** Resolves when all messages that are durable now are applied by every sink. */
  drained(): Promise<void>
  status(): Promise<IngestStatus>
  metricsText(): Promise<string>
  replayDeadLetters(reason?: DeadLetterReason): Promise<DeadLetterReplay>
  stop(): Promise<void>
}

export interface IngestWorker extends IngestControl {
  /** The writer itself: imports go through it. */
  readonly series: SeriesStore
  /** A port to hand to another thread, for `connectSeriesStore` there. */
  connect(): MessagePort
}

/** What a port that is sent to the thread is for. */
export interface IngestPort {
  readonly serves: 'series' | 'control'
  readonly port: MessagePort
}

/** A batch of messages and its readings. */
const youngMb = 12

/** One thread with the writer of the series store and the loop that feeds it from the log. */
export function startIngestWorker(
  options: IngestWorkerData & { readonly onDeath: (error: LarderError) => void },
): IngestWorker {
  const { onDeath, ...data } = options
  const owned = startWorker(compiledUrl('./ingest.worker.js', import.meta.url), {
    name: 'ingest',
    data: data satisfies IngestWorkerData,
    transfer: [data.logPort, data.operationsPort],
    youngMb,
    onDeath,
  })
  const open = (serves: IngestPort['serves']): MessagePort => {
    const { port1, port2 } = new MessageChannel()
    owned.worker.postMessage({ serves, port: port1 } satisfies IngestPort, [port1])
    return port2
  }
  const control = connectRpc<IngestControl>(open('control'))
  const series = connectSeriesStore(open('series'))
  return {
    series,
    connect: () => open('series'),
    drained: () => control.remote.drained(),
    status: () => control.remote.status(),
    metricsText: () => control.remote.metricsText(),
    replayDeadLetters: (reason) => control.remote.replayDeadLetters(reason),
    async stop() {
      await control.remote.stop().catch(() => undefined)
      await owned.stop()
      control.close()
      await series.close()
    },
  }
}
