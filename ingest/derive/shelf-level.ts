import { minuteMs } from '../../domain/index.ts'

/** What a scale showed, in units: grams by the mass of one, or what the firmware counted. */
export interface ShelfSight {
  readonly at: number
  readonly units: number
}

/** From `at` on the shelf holds `units`. */
export interface ShelfStep {
  readonly at: number
  readonly units: number
}

/** A weight further than this from a whole number of units is a hand, or another product. */
const steadyWithin = 0.3
/** Shorter than this is a hand on the scale, or goods on their way. */
const settleMs = 30_000
/** A small rise so soon after a pick is goods put back; a larger one is a refill. */
const putBackMs = 15 * minuteMs
const refillUnits = 3

interface Run {
  readonly units: number
  readonly from: number
  readonly until: number
  readonly sights: number
}

/**
 * The level of a shelf out of what its scale showed, by time. A level counts once it has stood for `settleMs`, and was seen twice;
 * seen once, its neighbours must bear it out. The last level may need the next reading to be believed.
 */
export function shelfSteps(sights: readonly ShelfSight[]): readonly ShelfStep[] {
  const runs = toRuns(sights)
  const steps: ShelfStep[] = []
  for (const [i, run] of runs.entries()) {
    const before = steps.at(-1)?.units
    const after = runs[i + 1]?.units
    const hasStood = run.until - run.from >= settleMs
    if (!hasStood || (run.sights === 1 && !isBorneOut(before, run.units, after))) continue
    if (run.units !== before) steps.push({ at: run.from, units: run.units })
  }
  return steps
}

function toRuns(sights: readonly ShelfSight[]): readonly Run[] {
  const runs: Run[] = []
  for (const [i, { at, units }] of sights.entries()) {
    if (!isSteady(units)) continue
    const whole = Math.round(units)
    const until = sights[i + 1]?.at ?? at
    const last = runs.at(-1)
    const goesOn = last?.units === whole && last.until === at
    if (goesOn) runs[runs.length - 1] = { ...last, until, sights: last.sights + 1 }
    else runs.push({ units: whole, from: at, until, sights: 1 })
  }
  return runs
}

/** Between its neighbours; or the last units before a refill; or a refill that the next reading bears out. A hand comes back to where it was. */
function isBorneOut(before: number | undefined, units: number, after: number | undefined): boolean {
  if (before === undefined || after === undefined) return false
  if ((before <= units && units <= after) || (before >= units && units >= after)) return true
  if (units < before) return after - before >= refillUnits
  return Math.abs(after - units) < Math.abs(after - before)
}

export interface ShelfMoves {
  readonly picked: number
  readonly refilled: number
}

/** Units taken and put on in [from, to), of steps that begin well before. What is put back within a quarter of an hour was not picked. */
export function shelfMoves(steps: readonly ShelfStep[], from: number, to: number): ShelfMoves {
  const picks: { readonly at: number; units: number }[] = []
  let refilled = 0
  for (const [i, { at, units }] of steps.entries()) {
    const before = steps[i - 1]
    if (!before) continue
    let change = units - before.units
    if (change < 0) picks.push({ at, units: -change })
    else if (change < refillUnits) {
      for (let p = picks.length - 1; p >= 0 && change > 0; p--) {
        const pick = picks[p]!
        if (at - pick.at > putBackMs) break
        const back = Math.min(change, pick.units)
        pick.units -= back
        change -= back
      }
    }
    if (change > 0 && at >= from && at < to) refilled += change
  }
  const picked = picks.reduce(
    (sum, pick) => sum + (pick.at >= from && pick.at < to ? pick.units : 0),
    0,
  )
  return { picked, refilled }
}

/** What the shelf held at a moment: its last level, or before the first one what it last seemed to hold; null where it showed nothing. */
export function levelAt(
  steps: readonly ShelfStep[],
  sights: readonly ShelfSight[],
  at: number,
): number | null {
  const step = steps.findLast((one) => one.at <= at)
  if (step) return step.units
  const seen = sights.findLast((one) => one.at <= at && isSteady(one.units))
  return seen ? Math.round(seen.units) : null
}

function isSteady(units: number): boolean {
  const whole = Math.round(units)
  return whole >= 0 && Math.abs(units - whole) <= steadyWithin
}
