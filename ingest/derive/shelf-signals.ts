import { hourMs, shelfPicks, shelfRefills, shelfUnits } from '../../domain/index.ts'
import type { HourlySeries, SeriesStore } from '../../store/index.ts'
import type { Catalogue } from '../catalogue.ts'
import { contiguous, hasSpoken, type HourlyRule, type HourlyValue } from './hourly-rule.ts'
import { levelAt, shelfMoves, shelfSteps, type ShelfSight, type ShelfStep } from './shelf-level.ts'

/** A level of before this is old enough to begin with; what comes within the hour after may still bear the last one out. */
const hoursBefore = 3
const hoursAfter = 1
/** What a shelf has sent within a day is what it sends: its firmware counts picks, or does not. */
const hoursOfHabit = 24
const readingsAtOnce = 100_000

interface Shelf {
  readonly device: string
  /** Grams of one unit; null where the firmware tells units. */
  readonly unitGrams: number | null
}

/**
 * Picks and refills of shelves whose firmware does not count picks, and the level of those that only weigh, per product and full hour.
 * An hour is computed once more with the next: its last level may have been one reading old.
 */
export function shelfRule(series: SeriesStore, catalogue: Catalogue): HourlyRule {
  type Rolled = ReadonlyMap<string | null, HourlySeries>

  async function roll(site: string, channel: string, run: readonly number[]): Promise<Rolled> {
    const rolled = await series.hourly({
      ...{ site, channel, by: 'device' },
      ...{ from: run[0]! - hoursOfHabit * hourMs, to: run.at(-1)! + hourMs },
    })
    return new Map(rolled.map((one) => [one.device, one]))
  }

  /** What a shelf weighs or tells in an hour that it cannot count; null where it counts picks itself, or says nothing. */
  function shelfOf(
    site: string,
    device: string,
    hour: number,
    [picked, units, grams]: readonly [Rolled, Rolled, Rolled],
  ): Shelf | null {
    const sends = (rolled: Rolled): boolean => {
      const one = rolled.get(device)
      return one !== undefined && hasSpoken(one, hour, hoursOfHabit)
    }
    if (sends(picked) || catalogue.shelfProducts(site, device).length > 1) return null
    if (sends(units)) return { device, unitGrams: null }
    const unitGrams = catalogue.unitGrams(site, device)
    return unitGrams !== null && sends(grams) ? { device, unitGrams } : null
  }

  const counts = (site: string, product: string, hour: number, picked: Rolled): boolean =>
    catalogue.shelvesOf(site, product).some((device) => {
      const one = picked.get(device)
      return one !== undefined && hasSpoken(one, hour, hoursOfHabit)
    })

  async function stepsOf(
    site: string,
    { device, unitGrams }: Shelf,
    from: number,
    to: number,
  ): Promise<{ readonly sights: readonly ShelfSight[]; readonly steps: readonly ShelfStep[] }> {
    const sights: ShelfSight[] = []
    let after: string | undefined
    do {
      const { readings, next } = await series.range({
        ...{ site, device, channel: unitGrams === null ? 'units' : 'grams' },
        ...{ from, to, limit: readingsAtOnce, after },
      })
      for (const { at, value } of readings) sights.push({ at, units: value / (unitGrams ?? 1) })
      after = next ?? undefined
    } while (after !== undefined)
    return { sights, steps: shelfSteps(sights) }
  }

  async function ofHour(
    site: string,
    gtin: string,
    shelves: readonly Shelf[],
    at: number,
  ): Promise<HourlyValue[]> {
    const from = at - hoursBefore * hourMs
    const end = at + hourMs
    const all = await Promise.all(
      shelves.map((shelf) => stepsOf(site, shelf, from, end + hoursAfter * hourMs)),
    )
    const moves = all.map(({ steps }) => shelfMoves(steps, at, end))
    const levels = all.map(({ steps, sights }) => levelAt(steps, sights, end - 1))
    const values: HourlyValue[] = [
      { channel: shelfPicks, gtin, at, value: sum(moves.map(({ picked }) => picked)) },
      { channel: shelfRefills, gtin, at, value: sum(moves.map(({ refilled }) => refilled)) },
    ]
    const weighs = shelves.every(({ unitGrams }) => unitGrams !== null)
    if (weighs && !levels.includes(null))
      values.push({ channel: shelfUnits, gtin, at, value: sum(levels.map((one) => one ?? 0)) })
    return values
  }

  return {
    inputs: ['units', 'grams', 'picked'],
    carriesHours: hoursOfHabit,
    settlesHours: hoursAfter,
    async derive(site, hours, reopened) {
      const derived: HourlyValue[] = []
      const products = catalogue.watchedProducts(site)
      if (products.length === 0) return derived
      for (const run of contiguous(hours)) {
        const rolled = await Promise.all([
          roll(site, 'picked', run),
          roll(site, 'units', run),
          roll(site, 'grams', run),
        ])
        for (const product of products) {
          const gtin = catalogue.gtinOf(product)
          if (gtin === null) continue
          for (const hour of run) {
            const shelves = catalogue
              .shelvesOf(site, product)
              .flatMap((device) => shelfOf(site, device, hour, rolled) ?? [])
            if (shelves.length > 0) derived.push(...(await ofHour(site, gtin, shelves, hour)))
            else if (reopened.has(hour) && counts(site, product, hour, rolled[0]))
              derived.push(...nothingOf(gtin, hour))
          }
        }
      }
      return derived
    },
  }
}

/** Said where an hour may have been computed before a shelf was known to count its picks. */
function nothingOf(gtin: string, at: number): readonly HourlyValue[] {
  return [shelfPicks, shelfRefills].map((channel) => ({ channel, gtin, at, value: 0 }))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}
