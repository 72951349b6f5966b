import type { Random } from '../../domain/index.ts'

export function uniform(random: Random, from: number, to: number): number {
  return from + (to - from) * random.next()
}

/** Standard normal (Box-Muller, one of the pair, so that each call takes two draws). */
export function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()))
  return radius * Math.cos(2 * Math.PI * random.next())
}

/** Log-normal with mean 1. */
export function spread(random: Random, sigma: number): number {
  return Math.exp(sigma * normal(random) - (sigma * sigma) / 2)
}

/** Number of events of a Poisson process with this mean; normal approximation above 40. */
export function poisson(random: Random, mean: number): number {
  if (mean <= 0) return 0
  if (mean > 40) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)))
  const limit = Math.exp(-mean)
  let count = 0
  for (let product = random.next(); product > limit; product *= random.next()) count++
  return count
}

const z90 = 1.2815515655446004

/** Log-normal by its median and its 0.9 quantile: how long a trip takes. */
export function fromQuantiles(random: Random, p50: number, p90: number): number {
  const sigma = p50 > 0 && p90 > p50 ? Math.log(p90 / p50) / z90 : 0
  return p50 * Math.exp(sigma * normal(random))
}

/** Uniform in [0, 1) from whole numbers (the finaliser of MurmurHash3): chance that does not depend on what was drawn before. */
export function chanceOf(...numbers: readonly number[]): number {
  let hash = 0x2545f491
  for (const number of numbers) {
    hash = Math.imul(hash ^ number, 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    hash ^= hash >>> 16
  }
  return (hash >>> 0) / 0x1_0000_0000
}
