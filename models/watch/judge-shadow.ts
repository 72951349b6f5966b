import type { ModelScore } from '../../domain/index.ts'
import { beats, describeBoth, shadowDays } from '../rollout.ts'
import { compareSums, type Comparison } from '../scores.ts'

/** Baselines that are scored beside what serves. */
export const scoredBaselines = ['smoothed-28d', 'empirical-28d', 'naive-168h'] as const
/** Fewest windows on which a shadow is judged. */
const fewestWindows = 500

interface Named {
  readonly version: string
}

/** Why the shadow should serve, from windows that both were scored on; null where it should not, or not yet. */
export function judgeShadow(
  scores: readonly ModelScore[],
  shadow: Named,
  serving: Named,
): string | null {
  const own = scores.filter(({ model }) => model === shadow.version)
  const days = new Set(own.map(({ day }) => day))
  const windows = own.reduce((sum, one) => sum + one.windows, 0)
  if (days.size < shadowDays || windows < fewestWindows) return null
  const against = compareScores(own, scores, serving.version)
  const baselines = scoredBaselines
    .map((name) => ({ name, comparison: compareScores(own, scores, name) }))
    .filter((one): one is typeof one & { comparison: Comparison } => one.comparison !== null)
    .sort((a, b) => b.comparison.relative - a.comparison.relative)
  const [best] = baselines
  if (!against || !best || !beats(against) || !beats(best.comparison)) return null
  const words = describeBoth(against, serving.version, best.comparison, best.name)
  return `${words} in the shadow, on ${windows} windows of ${days.size} days.`
}

/** By store where there are five, else by store and day; only where both were scored on the same windows. */
function compareScores(
  own: readonly ModelScore[],
  scores: readonly ModelScore[],
  model: string,
): Comparison | null {
  const others = new Map(
    scores.filter((one) => one.model === model).map((one) => [`${one.site} ${one.day}`, one]),
  )
  const isByStore = new Set(own.map(({ site }) => site)).size >= 5
  const units = new Map<string, { amount: number; first: number; other: number }>()
  for (const one of own) {
    const other = others.get(`${one.site} ${one.day}`)
    if (other?.windows !== one.windows) continue
    const key = isByStore ? one.site : `${one.site} ${one.day}`
    const unit = units.get(key) ?? { amount: 0, first: 0, other: 0 }
    unit.amount += one.amount
    unit.first += one.loss
    unit.other += other.loss
    units.set(key, unit)
  }
  if (units.size < 4) return null
  const all = [...units.values()]
  return compareSums(
    {
      amount: all.map(({ amount }) => amount),
      first: all.map(({ first }) => first),
      other: all.map(({ other }) => other),
    },
    { seed: 1, by: isByStore ? 'store' : 'series' },
  )
}
