import type { Random } from '../../domain/index.ts'

export interface InputDropout {
  /** Of the inputs that go missing: 0 drops none. */
  readonly share: number
  /** Inputs of a row, from the first on, that may go missing; those after them never do. */
  readonly inputs: number
  readonly random: Pick<Random, 'next'>
}

/**
 * Sets inputs to 0, each by chance, and makes the others larger by as much (Srivastava et al., JMLR 15, 2014). A few weeks of a
 * few cities are told apart by their pooled inputs to the last digit; who cannot rely on any one of them learns no day by heart.
 */
export function dropInputs(rows: Float32Array, width: number, dropout: InputDropout): void {
  const { share, inputs, random } = dropout
  if (share <= 0) return
  const kept = 1 / (1 - share)
  const limit = share * 2 ** 32
  // Half a million numbers a batch: Marsaglia's xorshift ("Xorshift RNGs", 2003) costs a tenth of `next`.
  let bits = Math.floor(random.next() * 0xffff_fffe) + 1
  for (let start = 0; start < rows.length; start += width) {
    for (let at = start; at < start + inputs; at++) {
      bits ^= bits << 13
      bits ^= bits >>> 17
      bits ^= bits << 5
      rows[at] = bits >>> 0 < limit ? 0 : rows[at]! * kept
    }
  }
}
