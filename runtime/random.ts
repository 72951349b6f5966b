import { xoroshiro128plus, xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import type { Random } from '../domain/index.ts'

function hash(text: string): number {
  let value = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193)
  return value | 0
}

function wrap(generator: RandomGenerator): Random {
  return {
    next: () => (generator.next() >>> 0) / 0x1_0000_0000,
    fork: (name) => createRandom(generator.next() ^ hash(name)),
    save: () => generator.getState(),
  }
}

/** The same seed gives the same numbers, on any machine. */
export function createRandom(seed: number): Random {
  return wrap(xoroshiro128plus(seed))
}

/** Goes on where `save()` was taken. */
export function restoreRandom(state: readonly number[]): Random {
  return wrap(xoroshiro128plusFromState(state))
}
