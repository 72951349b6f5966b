import type { ForecastTarget } from '../../domain/index.ts'
import type { History } from '../forecaster.ts'
import { usefulPools } from './pools.ts'
import { findStep } from './whole-steps.ts'

/**
 * What a trained model must remember to build its inputs again: which known and static inputs there were, how an average day
 * runs, and the usual level. Saved with the weights.
 */
export interface FeatureLayout {
  readonly target: ForecastTarget
  readonly known: readonly string[]
  /** What stands for a known input where a series has none: its median in training. Absent in models of before: 0. */
  readonly absent?: Readonly<Record<string, number>>
  /** Values with a place of their own, by static input, the most frequent first. */
  readonly statics: Readonly<Record<string, readonly string[]>>
  /** What series are pooled by. */
  readonly pools: readonly string[]
  /** Share of an average hour's amount in each local hour of the day; its mean is 1. */
  readonly profile: readonly number[]
  /** Mean amount of an hour in stock over all series. */
  readonly level: number
  /** What amounts are whole numbers of; 0 where they are of nothing. */
  readonly step: number
}

/** Values of a static input that have a place of their own; rarer ones, and those never seen in training, have none. */
const mostPlaces = 128

/** What is planned for the hours ahead, unlike the weather, which only comes. */
export function plannedInputs(layout: FeatureLayout): readonly string[] {
  return layout.known.filter(isPlanned)
}

const isPlanned = (name: string): boolean => !name.startsWith('weather')

/**
 * Regions with which the weather becomes an input. All series of a region share it, so with nine cities it tells which day it
 * was, and days are learnt by heart: without it the loss is 0.8 % lower (docs/decisions/0015).
 */
const fewestWeatherRegions = 50

/** How many inputs, the last ones, are places of categories. */
export function placeCount({ statics }: Pick<FeatureLayout, 'statics'>): number {
  return Object.values(statics).reduce((sum, values) => sum + values.length, 0)
}

/** `region` only says which series are pooled: a place among cities is an identity in disguise. */
const notAnInput = new Set(['region'])

/** Reads the hours before `until`, counted from `history.from`. */
export function learnLayout(
  history: History,
  until: number,
  localHourOf: (series: number) => number,
): FeatureLayout {
  const sum = new Float64Array(24)
  const weight = new Float64Array(24)
  const known = new Set<string>()
  const statics = new Map<string, Map<string, number>>()
  history.series.forEach((series, s) => {
    const first = localHourOf(s)
    for (let hour = 0; hour < Math.min(until, history.hours); hour++) {
      const value = series.value[hour]!
      if (Number.isNaN(value)) continue
      const share = 1 - series.outMinutes[hour]! / 60
      if (share <= 0) continue
      const place = (first + hour) % 24
      sum[place]! += value
      weight[place]! += share
    }
    for (const name of Object.keys(series.known)) known.add(name)
    for (const [name, value] of Object.entries(series.statics)) {
      if (notAnInput.has(name)) continue
      const counts = statics.get(name) ?? new Map<string, number>()
      statics.set(name, counts.set(value, (counts.get(value) ?? 0) + 1))
    }
  })
  const regions = new Set(history.series.map(({ statics }) => statics.region ?? ''))
  const seesWeather = regions.size >= fewestWeatherRegions
  const means = sum.map((total, place) => (weight[place]! > 0 ? total / weight[place]! : 0))
  const level = means.reduce((total, mean) => total + mean, 0) / 24
  return {
    target: history.target,
    known: [...known].filter((name) => seesWeather || isPlanned(name)).sort(),
    absent: Object.fromEntries([...known].map((name) => [name, medianOf(history, name)])),
    pools: usefulPools(history),
    statics: Object.fromEntries(
      [...statics]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, counts]) => [name, mostFrequent(counts)]),
    ),
    // A quiet hour keeps a hundredth, so that a first sale in it stays possible.
    profile: [...means].map((mean) => Math.max(0.01, level > 0 ? mean / level : 1)),
    level: level > 0 ? level : 1,
    step: findStep(history, until),
  }
}

function mostFrequent(counts: ReadonlyMap<string, number>): readonly string[] {
  return [...counts]
    .sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1))
    .slice(0, mostPlaces)
    .map(([value]) => value)
}

/** Of as many series as are enough: a middle, not a measurement. */
const mostSampled = 200

function medianOf(history: History, name: string): number {
  const every = Math.ceil(history.series.length / mostSampled)
  const values = history.series
    .filter((_, s) => s % every === 0)
    .flatMap(({ known }) => [...(known[name]?.values ?? [])])
    .sort((a, b) => a - b)
  return values[Math.floor(values.length / 2)] ?? 0
}
