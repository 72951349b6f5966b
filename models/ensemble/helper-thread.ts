import { availableParallelism } from 'node:os'
import { LarderError } from '../../domain/index.ts'
import { compiledUrl, startWorker } from '../../runtime/index.ts'
import type { NetworkModel } from '../network-model.ts'
import { createSlot, type Slot } from './slots.ts'

type Networks = Pick<NetworkModel, 'shape' | 'members'>

export interface HelperData extends Networks {
  readonly slots: readonly Slot[]
}

/** The same networks in a thread of their own, which answers the slots that it is shown. */
export interface Helper {
  readonly slots: readonly Slot[]
  show(place: number): void
  /** Says that it began a slot and did not end it. */
  miss(): void
  stop(): void
}

/** Answers null where a second thread would only take turns with this one. */
export type StartHelper = (networks: Networks) => Helper | null

/** 2.6 MB each. So many that the helper has work while this thread measures another origin. */
const slotCount = 8

/** `onDeath` is only told: what the thread leaves is answered without it. While a forecast blocks, no exit of a thread is seen. */
export function helpInThread(onDeath: (error: LarderError) => void): StartHelper {
  return ({ shape, members }) => {
    if (availableParallelism() < 2) return null
    const slots = Array.from({ length: slotCount }, () => createSlot(shape.inputs))
    const owned = startWorker(compiledUrl('./helper.worker.js', import.meta.url), {
      name: 'forecasting helper',
      data: { shape, members, slots } satisfies HelperData,
      onDeath,
    })
    return {
      slots,
      show: (place) => owned.worker.postMessage(place),
      miss: () =>
        onDeath(
          new LarderError(
            'RT_WORKER_DIED',
            'The forecasting helper began a share and did not end it.',
          ),
        ),
      stop: () => void owned.stop(),
    }
  }
}
