import { batchRows, createAnswers, type Ensemble, type EnsembleAnswers } from './ensemble.ts'

/** Where a slot stands. Only who moves it from `asked` answers it. */
export const slotState = { free: 0, asked: 1, begun: 2, done: 3 } as const

/** One block of rows on its way to another thread and back, in memory that both share. */
export interface Slot {
  /** One of `slotState`, how many floats the rows take, how many members are asked. */
  readonly state: Int32Array
  readonly rows: Float32Array
  readonly answers: EnsembleAnswers
}

const shareFloats = (size: number): Float32Array =>
  new Float32Array(new SharedArrayBuffer(size * 4))

export function createSlot(inputs: number): Slot {
  return {
    state: new Int32Array(new SharedArrayBuffer(3 * 4)),
    rows: shareFloats(batchRows * inputs),
    answers: createAnswers(batchRows, shareFloats),
  }
}

export function isSlot({ state }: Slot, one: keyof typeof slotState): boolean {
  return Atomics.load(state, 0) === slotState[one]
}

/** False where it stood elsewhere. */
export function moveSlot(
  { state }: Slot,
  from: keyof typeof slotState,
  to: keyof typeof slotState,
): boolean {
  const hasMoved =
    Atomics.compareExchange(state, 0, slotState[from], slotState[to]) === slotState[from]
  if (hasMoved) Atomics.notify(state, 0)
  return hasMoved
}

/** What is asked in it, by the rows as they were put there. */
export function answerRowsOf({ state, rows }: Slot, ensemble: Ensemble): EnsembleAnswers {
  const [, length, most] = state
  return ensemble.answer(rows.subarray(0, length), most)
}
