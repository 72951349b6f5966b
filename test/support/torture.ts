/** Proofs run short in CI and long by `npm run torture`: the same test with another number. */
export function scaled(short: number, long: number): number {
  return process.env.LARDER_TORTURE === 'long' ? long : short
}

export const seed = Number(process.env.LARDER_TEST_SEED ?? 1)
