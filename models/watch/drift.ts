import { hourMs, type ForecastTarget, type ModelScore } from '../../domain/index.ts'
import type { BacktestReport } from '../backtest.ts'
import { baselines } from '../baselines/index.ts'
import { localHours, type FeatureLayout } from '../features/index.ts'
import type { History } from '../forecaster.ts'

/** A value beyond `raise` is drift, one within `clear` is none, and in between it stays what it was. */
interface Limits {
  readonly raise: number
  readonly clear: number
}
/** Under this name every network is scored while it serves, so that a new version does not start from nothing. */
export const whatServed = 'network'
/** Fewest days with scores before anything is said. */
const fewestDays = 3

/**
 * Of all stores together, held against what the backtest of the version gave. Bias and coverage count only as far as they lie
 * beyond two standard errors over stores: a few stores in a good mood are no drift.
 */
const limits = {
  bias: { raise: 0.08, clear: 0 },
  coverage: { raise: 0.05, clear: 0 },
  /** Loss above that of the best baseline on the same windows. */
  accuracy: { raise: 0.05, clear: 0 },
  /** Population stability index of when in the day is sold: above 0.25 it is another population (Siddiqi 2006). */
  profile: { raise: 0.25, clear: 0.1 },
  /** Share of series with a category that training never saw. */
  unknown: { raise: 0.2, clear: 0.1 },
} as const satisfies Record<string, Limits>
/** One store alone has its own weeks: it has moved when it sells double or half of what is forecast (logarithms of the ratio). */
const siteBias: Limits = { raise: Math.log(2), clear: Math.log(1.5) }
/** Fewest windows that tell anything. */
const fewestWindows = { city: 300, site: 200 } as const

/** How far one thing has moved, and what that means for a person. */
export interface Finding {
  /** What is watched: `demand`, or `demand.SITE` for one store. */
  readonly key: string
  readonly site: string | null
  readonly verdict: 'drift' | 'between' | 'quiet'
  readonly words: string
}

/** What came of the forecasts of what served, held against the backtest of what serves. One finding for all stores, one for each store that tells. */
export function findDrift(
  target: ForecastTarget,
  scores: readonly ModelScore[],
  report: BacktestReport | null,
  shift: readonly Measure[],
): readonly Finding[] {
  const own = scores.filter(({ model }) => model === whatServed)
  const all = addUp(own)
  const bySite = [...groupBy(own, ({ site }) => site)]
  const sites = bySite.map(([, rows]) => addUp(rows))
  const isTold = new Set(own.map(({ day }) => day)).size >= fewestDays
  const expected = report?.methods[0]?.all
  const measures: Measure[] = [...shift]
  if (isTold && all.windows >= fewestWindows.city && all.amount > 0) {
    const bias = all.mean / all.amount - 1
    measures.push({
      ...measure(
        Math.abs(bias - (expected?.wpe ?? 0)) -
          2 * spreadOver(sites, all.amount, (sum) => sum.mean - (1 + bias) * sum.amount),
        limits.bias,
      ),
      words: `forecasts are ${percent(Math.abs(bias))} too ${bias > 0 ? 'high' : 'low'}${expected ? ` (on its backtest ${percent(Math.abs(expected.wpe))} too ${expected.wpe > 0 ? 'high' : 'low'})` : ''}`,
    })
    const share = all.below90 / all.windows
    const wanted = expected?.coverage[6] ?? 0.9
    measures.push({
      ...measure(
        Math.abs(share - wanted) -
          2 * spreadOver(sites, all.windows, (sum) => sum.below90 - share * sum.windows),
        limits.coverage,
      ),
      words: `${percent(share)} of outcomes lie below the 90 % quantile (on its backtest ${percent(wanted)})`,
    })
    const best = bestBaseline(own, scores)
    if (best && best.windows >= all.windows / 2) {
      const relative = best.ownLoss / best.loss - 1
      measures.push({
        ...measure(relative, limits.accuracy),
        words: `${best.model} does ${percent(relative)} better on the same windows`,
      })
    }
  }
  const isEnough = all.windows >= fewestWindows.city || shift.length > 0
  const city: Finding[] = isEnough ? [summarise(target, null, measures)] : []
  const ofSites = bySite.flatMap(([site, rows]): Finding[] => {
    const sum = addUp(rows)
    if (!isTold || sum.windows < fewestWindows.site || sum.amount <= 0 || sum.mean <= 0) return []
    const bias = sum.mean / sum.amount - 1
    const words = `forecasts of this store are ${percent(Math.abs(bias))} too ${bias > 0 ? 'high' : 'low'}`
    return [
      summarise(`${target}.${site}`, site, [
        { ...measure(Math.abs(Math.log(1 + bias)), siteBias), words },
      ]),
    ]
  })
  return [...city, ...ofSites]
}

type SiteSums = ReturnType<typeof addUp>

/** Standard error of a ratio of sums over stores (Cochran 1977, section 2.11); without two stores nothing is sure. */
function spreadOver(
  sites: readonly SiteSums[],
  total: number,
  residual: (sums: SiteSums) => number,
): number {
  if (sites.length < 2) return 0.1
  const squares = sites.reduce((sum, site) => sum + residual(site) ** 2, 0)
  return Math.sqrt((squares * sites.length) / (sites.length - 1)) / total
}

export interface Measure {
  readonly verdict: Finding['verdict']
  readonly words: string
}

/** How what is sold now differs from what the version learnt from. */
export function measureShift(history: History, layout: FeatureLayout): readonly Measure[] {
  const days = Math.min(7, Math.floor(history.hours / 24))
  const hourOf = localHours(history, history.from + history.hours * hourMs)
  const sums = new Float64Array(24)
  const counts = new Float64Array(24)
  let unknown = 0
  history.series.forEach(({ value, outMinutes, statics }, s) => {
    const isNew = Object.entries(statics).some(([name, place]) => {
      const places = layout.statics[name]
      return places !== undefined && places.length < 128 && !places.includes(place)
    })
    if (isNew) unknown++
    const first = hourOf(s)
    for (let hour = history.hours - days * 24; hour < history.hours; hour++) {
      const amount = value[hour]!
      if (amount !== amount || outMinutes[hour] !== 0) continue
      sums[(first + hour) % 24]! += amount
      counts[(first + hour) % 24]!++
    }
  })
  const means = [...sums].map((sum, hour) => sum / Math.max(1, counts[hour]!))
  const index = stabilityIndex(layout.profile, means)
  const share = unknown / Math.max(1, history.series.length)
  return [
    {
      ...measure(index, limits.profile),
      words: `the day is sold at other hours than it learnt from (stability index ${index.toFixed(2)})`,
    },
    {
      ...measure(share, limits.unknown),
      words: `${percent(share)} of the series are of a category that it never saw`,
    },
  ]
}

/** Sum of (now - then) x ln(now / then) over shares; a share below a thousandth counts as one. */
export function stabilityIndex(then: readonly number[], now: readonly number[]): number {
  const total = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0)
  const [all, allNow] = [total(then), total(now)]
  if (all <= 0 || allNow <= 0) return 0
  return then.reduce((sum, value, i) => {
    const a = Math.max(0.001, now[i]! / allNow)
    const e = Math.max(0.001, value / all)
    return sum + (a - e) * Math.log(a / e)
  }, 0)
}

function measure(value: number, { raise, clear }: Limits): Pick<Measure, 'verdict'> {
  return { verdict: value > raise ? 'drift' : value > clear ? 'between' : 'quiet' }
}

function summarise(key: string, site: string | null, measures: readonly Measure[]): Finding {
  const of = (verdict: Measure['verdict']): readonly Measure[] =>
    measures.filter((one) => one.verdict === verdict)
  const drift = of('drift')
  return {
    ...{ key, site },
    verdict: drift.length > 0 ? 'drift' : of('between').length > 0 ? 'between' : 'quiet',
    words: drift.map(({ words }) => words).join('; '),
  }
}

/** On the days and stores on which both were scored on as many windows: a network may have begun to serve in between. */
function bestBaseline(own: readonly ModelScore[], scores: readonly ModelScore[]) {
  const places = new Map(own.map((one) => [`${one.site} ${one.day}`, one]))
  return [...groupBy(scores, ({ model }) => model)]
    .filter(([model]) => baselines.some(({ name }) => name === model))
    .map(([model, rows]) => {
      const same = rows.filter(
        ({ site, day, windows }) => places.get(`${site} ${day}`)?.windows === windows,
      )
      const ownRows = same.map(({ site, day }) => places.get(`${site} ${day}`)!)
      return { model, ...addUp(same), ownLoss: addUp(ownRows).loss }
    })
    .filter(({ loss }) => loss > 0)
    .sort((a, b) => b.ownLoss / b.loss - a.ownLoss / a.loss)[0]
}

function groupBy(
  scores: readonly ModelScore[],
  keyOf: (score: ModelScore) => string,
): ReadonlyMap<string, readonly ModelScore[]> {
  const groups = new Map<string, ModelScore[]>()
  for (const score of scores) {
    const group = groups.get(keyOf(score))
    if (group) group.push(score)
    else groups.set(keyOf(score), [score])
  }
  return groups
}

function addUp(scores: readonly ModelScore[]) {
  const sums = { windows: 0, amount: 0, mean: 0, loss: 0, below90: 0 }
  for (const score of scores) {
    sums.windows += score.windows
    sums.amount += score.amount
    sums.mean += score.mean
    sums.loss += score.loss
    sums.below90 += score.below90
  }
  return sums
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`
}
