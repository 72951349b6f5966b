/** A seeded source of chance. `fork` gives an independent one by name, so that a draw added in one place moves no other. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  fork(name: string): Random
  /** State to go on from after a restart (`restoreRandom` in runtime). */
  save(): readonly number[]
}
