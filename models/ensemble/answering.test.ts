import { expect, test } from 'vitest'
import { answerTogether } from './answering.ts'
import { createAnswers, type Ensemble } from './ensemble.ts'
import type { Helper } from './helper-thread.ts'
import { answerRowsOf, createSlot, moveSlot, type Slot } from './slots.ts'

const inputs = 2
const patienceMs = 20

/** Answers the first input of each row, and how many members were asked. */
const ensemble: Ensemble = {
  answer(rows, most = 0) {
    const answers = createAnswers(rows.length / inputs, (size) => new Float32Array(size))
    answers.mean.forEach((_, i) => (answers.mean[i] = rows[i * inputs]! + most / 10))
    return answers
  },
  dispose: () => undefined,
}

function helperThat(answers: (slot: Slot) => void): Helper & { missed: number } {
  const slots = [createSlot(inputs), createSlot(inputs)]
  return {
    ...{ slots, missed: 0 },
    show: (place) => answers(slots[place]!),
    miss() {
      this.missed++
    },
    stop: () => undefined,
  }
}

const answerNow = (slot: Slot): void => {
  if (!moveSlot(slot, 'asked', 'begun')) return
  slot.answers.mean.set(answerRowsOf(slot, ensemble).mean)
  moveSlot(slot, 'begun', 'done')
}

/** Seven blocks of a row each, in memory that is written over: what is taken of each. */
function askSeven(helper: Helper): readonly number[] {
  const taken: number[] = []
  const together = answerTogether(ensemble, helper, patienceMs)
  const rows = new Float32Array(inputs)
  for (let i = 0; i < 7; i++) {
    rows[0] = i
    together.answer(rows, 3, ({ mean }) => taken.push(Math.round(10 * mean[0]!)))
  }
  together.finish()
  return taken.sort((a, b) => a - b)
}
const all = [3, 13, 23, 33, 43, 53, 63]

test('each block is taken once, whether the helper answers it at once, late or never', () => {
  expect(askSeven(helperThat(answerNow))).toEqual(all)
  expect(askSeven(helperThat(() => undefined))).toEqual(all)
  let before: Slot | null = null
  const late = helperThat((slot) => {
    if (before) answerNow(before)
    before = slot
  })
  expect(askSeven(late)).toEqual(all)
})

test('what a helper begins and never ends is answered without it', () => {
  let begun = 0
  const dying = helperThat((slot) => {
    begun++
    moveSlot(slot, 'asked', 'begun')
  })
  expect(askSeven(dying)).toEqual(all)
  expect(begun).toBe(2)
  expect(dying.missed).toBe(2)
})
