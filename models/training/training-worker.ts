import type { MessagePort } from 'node:worker_threads'
import type { Progress } from '../../domain/index.ts'
import { compiledUrl, connectRpc, startWorker } from '../../runtime/index.ts'
import type { History } from '../forecaster.ts'
import type { NetworkModel } from '../network-model.ts'
import type { Train, TrainingRequest } from '../training-schedule.ts'

/** What the thread answers; it tells of its progress as the event `progress`. */
export interface TrainingThread {
  train(history: History, request: TrainingRequest): Promise<NetworkModel>
}

/** Trains in a thread that ends afterwards: WebAssembly gives memory back in no other way, and forecasts go on meanwhile. */
export const trainInWorker: Train = async (history, request, { signal, onProgress }) => {
  signal.throwIfAborted()
  let end: (error: unknown) => void = () => undefined
  const ended = new Promise<never>((_, reject) => (end = reject))
  const owned = startWorker(compiledUrl('./training.worker.js', import.meta.url), {
    name: 'training',
    onDeath: (error) => end(error),
  })
  const stop = (): void => end(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    const thread = connectRpc<TrainingThread>(owned.worker as unknown as MessagePort)
    thread.on('progress', (progress) => onProgress(progress as Progress))
    return await Promise.race([thread.remote.train(history, request), ended])
  } finally {
    signal.removeEventListener('abort', stop)
    await owned.stop()
  }
}
