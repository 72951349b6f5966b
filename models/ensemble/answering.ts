import type { Ensemble, EnsembleAnswers } from './ensemble.ts'
import type { Helper } from './helper-thread.ts'
import { answerRowsOf, isSlot, moveSlot, slotState, type Slot } from './slots.ts'

/** Rows are answered one block after the other, here or by a helper: the numbers are the same. */
export interface Answering {
  /**
   * `rows` are one batch at most, and may be written over afterwards. `take` gets the answers now or before `finish` returns;
   * they are its own only as long as it runs.
   */
  answer(rows: Float32Array, most: number, take: (answers: EnsembleAnswers) => void): void
  finish(): void
}

export function answerAlone(ensemble: Ensemble): Answering {
  return {
    answer: (rows, most, take) => take(ensemble.answer(rows, most)),
    finish: () => undefined,
  }
}

/** A batch takes a tenth of a second; after this the helper is taken for dead. */
const usualPatienceMs = 10_000

/**
 * The helper is given what it has room for, and this thread answers the rest itself, so neither waits for the other before the end.
 * It blocks instead of giving way to its event loop, as answering alone does.
 */
export function answerTogether(
  ensemble: Ensemble,
  helper: Helper,
  patienceMs = usualPatienceMs,
): Answering {
  const { slots } = helper
  const takers = new Map<Slot, (answers: EnsembleAnswers) => void>()
  const hand = (slot: Slot, answers: EnsembleAnswers): void => {
    takers.get(slot)?.(answers)
    takers.delete(slot)
  }
  const collect = (slot: Slot): void => {
    if (!isSlot(slot, 'done')) return
    hand(slot, slot.answers)
    moveSlot(slot, 'done', 'free')
  }
  return {
    answer(rows, most, take) {
      for (const slot of slots) collect(slot)
      const place = slots.findIndex((slot) => isSlot(slot, 'free'))
      const slot = slots[place]
      if (!slot) {
        take(ensemble.answer(rows, most))
        return
      }
      takers.set(slot, take)
      slot.rows.set(rows)
      slot.state[1] = rows.length
      slot.state[2] = most
      moveSlot(slot, 'free', 'asked')
      helper.show(place)
    },
    finish() {
      for (const slot of slots) {
        if (moveSlot(slot, 'asked', 'free')) hand(slot, answerRowsOf(slot, ensemble))
      }
      for (const slot of slots) {
        Atomics.wait(slot.state, 0, slotState.begun, patienceMs)
        collect(slot)
        // It stays as it is, so that nothing is given to a helper that has died.
        if (!takers.has(slot)) continue
        helper.miss()
        hand(slot, answerRowsOf(slot, ensemble))
      }
    },
  }
}
