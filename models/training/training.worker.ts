import { parentPort } from 'node:worker_threads'
import { serveRpc, wallClock } from '../../runtime/index.ts'
import { runWhenIdle } from '../machine.ts'
import { loadTensorFlow } from '../tf.ts'
import type { TrainingThread } from './training-worker.ts'
import { trainModel } from './train-model.ts'

if (parentPort) {
  const thread: TrainingThread = {
    async train(history, { backend, isBackground, ...options }) {
      if (isBackground) runWhenIdle()
      return trainModel(await loadTensorFlow(backend), history, {
        ...options,
        clock: wallClock,
        onProgress: (progress) => events.emit('progress', progress),
      })
    },
  }
  const events = serveRpc(parentPort, thread)
}
