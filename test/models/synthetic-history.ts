import { hourMs } from '../../domain/index.ts'
import type { History, SeriesHistory } from '../../models/index.ts'
import { createRandom } from '../../runtime/index.ts'

/** A Monday, 00:00 UTC. */
export const syntheticStart = Date.UTC(2026, 0, 5)

/**
 * A small seeded city: Poisson sales with a busy noon and evening, a quiet Monday and a strong weekend, a mood of each site that
 * lasts some days, and shelves that now and then run dry from some hour to midnight.
 */
export function makeSyntheticHistory(options: {
  readonly sites: number
  readonly products: number
  readonly days: number
  readonly seed: number
}): History {
  const random = createRandom(options.seed)
  const hours = options.days * 24
  const weekday = [0.6, 0.8, 0.9, 1, 1.2, 1.7, 1.5]
  const hourly = Array.from({ length: 24 }, (_, hour) =>
    hour < 7
      ? 0.05
      : 0.6 + Math.exp(-((hour - 12) ** 2) / 6) + 1.5 * Math.exp(-((hour - 18) ** 2) / 5),
  )
  const series: SeriesHistory[] = []
  for (let site = 0; site < options.sites; site++) {
    let mood = 0
    const moods = Array.from({ length: options.days }, () => {
      mood = 0.8 * mood + 0.25 * (random.next() + random.next() + random.next() - 1.5)
      return Math.exp(mood)
    })
    for (let product = 0; product < options.products; product++) {
      const level = 0.3 + 1.5 * random.next()
      const value = new Float32Array(hours)
      const outMinutes = new Uint8Array(hours)
      for (let day = 0; day < options.days; day++) {
        const dryFrom = random.next() < 0.1 ? 8 + Math.floor(random.next() * 14) : 24
        for (let hour = 0; hour < 24; hour++) {
          const at = day * 24 + hour
          const amount = poisson(level * weekday[day % 7]! * hourly[hour]! * moods[day]!, random)
          value[at] = hour >= dryFrom ? 0 : amount
          outMinutes[at] = hour >= dryFrom ? 60 : 0
        }
      }
      series.push({
        site: `s${site}`,
        product: `p${product}`,
        device: null,
        timeZone: 'UTC',
        statics: { category1: `c${product % 3}`, tempClass: 'ambient' },
        value,
        outMinutes,
        known: {},
      })
    }
  }
  return { target: 'demand', from: syntheticStart, hours, series }
}

export function syntheticOrigin(day: number, hour: number): number {
  return syntheticStart + (day * 24 + hour) * hourMs
}

/** Knuth's product of uniforms: fit for small means. */
function poisson(mean: number, random: { next(): number }): number {
  const limit = Math.exp(-mean)
  let count = 0
  for (let product = random.next(); product > limit; product *= random.next()) count++
  return count
}
