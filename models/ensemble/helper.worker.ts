import { parentPort, workerData } from 'node:worker_threads'
import { loadTensorFlow } from '../tf.ts'
import { createEnsemble } from './ensemble.ts'
import type { HelperData } from './helper-thread.ts'
import { answerRowsOf, moveSlot } from './slots.ts'

if (parentPort) {
  const { shape, members, slots } = workerData as HelperData
  const { tf } = await loadTensorFlow('wasm')
  const ensemble = createEnsemble(tf, { shape, members })
  parentPort.on('message', (place: number) => {
    const slot = slots[place]!
    if (!moveSlot(slot, 'asked', 'begun')) return
    const { mean, quantiles, hourMean, hourQuantiles } = answerRowsOf(slot, ensemble)
    slot.answers.mean.set(mean)
    slot.answers.quantiles.set(quantiles)
    slot.answers.hourMean.set(hourMean)
    slot.answers.hourQuantiles.set(hourQuantiles)
    moveSlot(slot, 'begun', 'done')
  })
}
