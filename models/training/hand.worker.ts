import { parentPort } from 'node:worker_threads'
import { LarderError } from '../../domain/index.ts'
import { serveRpc } from '../../runtime/index.ts'
import { loadTensorFlow } from '../tf.ts'
import { createHand, type TrainingHand } from './hand.ts'
import type { LearntShare, TrainingHandThread } from './threads.ts'

if (parentPort) {
  let hand: TrainingHand | null = null
  const ready = (): TrainingHand => {
    if (hand) return hand
    throw new LarderError('RT_INTERNAL', 'A training thread was given work before it was set up.')
  }
  const thread: TrainingHandThread = {
    async setUp(backend, setup) {
      hand = createHand(await loadTensorFlow(backend), setup, {
        onShare: (member, share) => events.emit('share', { member, share } satisfies LearntShare),
      })
    },
    build: (...args) => ready().build(...args),
    learn: (...args) => ready().learn(...args),
    forecast: (...args) => ready().forecast(...args),
    judge: (...args) => ready().judge(...args),
  }
  const events = serveRpc(parentPort, thread)
}
