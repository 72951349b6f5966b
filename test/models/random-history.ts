import type { History, KnownInput, SeriesHistory } from '../../models/index.ts'
import { createRandom } from '../../runtime/index.ts'

/**
 * Forty seeded series with everything that happens to a history: unknown hours, late starts, shelves dry for minutes or for
 * hours, four time zones, known inputs by the day and by the hour, some of them too short, and series without a product.
 */
export function makeRandomHistory(options: {
  readonly seed: number
  readonly hours: number
  readonly from: number
}): History {
  const { hours, from } = options
  const random = createRandom(options.seed)
  const chance = (share: number): boolean => random.next() < share
  const below = (limit: number): number => Math.floor(random.next() * limit)

  const knownInputs = (): Readonly<Record<string, KnownInput>> =>
    Object.fromEntries(
      ['discount', 'holiday', 'weatherRain'].flatMap((name): [string, KnownInput][] =>
        chance(0.1)
          ? []
          : [
              [
                name,
                {
                  hoursPerStep: chance(0.5) ? 24 : 1,
                  values: Float32Array.from({ length: 1 + below(hours / 2) }, () => random.next()),
                },
              ],
            ],
      ),
    )

  const series = Array.from({ length: 40 }, (_, s): SeriesHistory => {
    const start = chance(0.3) ? below(hours) : 0
    const level = random.next() * 5
    const value = new Float32Array(hours).fill(NaN)
    const outMinutes = new Uint8Array(hours)
    for (let hour = start; hour < hours; hour++) {
      if (chance(0.05)) continue
      if (chance(0.15)) outMinutes[hour] = chance(0.5) ? 60 : below(60)
      value[hour] = chance(0.5) ? 0 : Math.round(random.next() * level * 100) / 100
    }
    return {
      site: `s${s % 5}`,
      product: chance(0.95) ? `p${s % 7}` : null,
      device: null,
      timeZone: ['UTC', 'Asia/Shanghai', 'America/New_York', 'Asia/Kolkata'][s % 4]!,
      statics: {
        category1: `c${s % 3}`,
        region: `r${s % 2}`,
        ...(s % 3 === 0 ? {} : { category3: `k${s % 4}` }),
      },
      value,
      outMinutes,
      known: knownInputs(),
    }
  })
  return { target: 'demand', from, hours, series }
}
