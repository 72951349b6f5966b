import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { LarderError } from '../../domain/index.ts'
import { compiledUrl, startWorker } from '../../runtime/index.ts'
import { connectSeriesStore } from './rpc-series-store.ts'
import type { SeriesStore } from './series-store.ts'

export interface SeriesWorkerData {
  readonly file: string
  readonly readonly: boolean
}

export interface SeriesWorker {
  readonly store: SeriesStore
  /** A port to hand to another thread, for `connectSeriesStore` there. */
  connect(): MessagePort
  stop(): Promise<void>
}

/** A thread that reads (or writes) one series file for all who connect. The file must exist where it only reads. */
export function startSeriesWorker(
  options: SeriesWorkerData & { readonly onDeath: (error: LarderError) => void },
): SeriesWorker {
  const data: SeriesWorkerData = { file: options.file, readonly: options.readonly }
  const owned = startWorker(compiledUrl('./series.worker.js', import.meta.url), {
    name: options.readonly ? 'series-reader' : 'series-writer',
    data,
    onDeath: options.onDeath,
  })
  const connect = (): MessagePort => {
    const { port1, port2 } = new MessageChannel()
    owned.worker.postMessage(port1, [port1])
    return port2
  }
  return { store: connectSeriesStore(connect()), connect, stop: () => owned.stop() }
}
