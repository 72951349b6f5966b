import { hourMs, quantileLevels, type ModelScore } from '../../domain/index.ts'
import { createOutcome, readOutcome } from '../features/index.ts'
import type { ForecastBatch, History } from '../forecaster.ts'
import { pinball } from '../scores.ts'
import { localDay } from './local-day.ts'

const levels = quantileLevels.length
/** Places of .1 .5 .9 among the levels. */
const kept = [2, 4, 6] as const
const width = 1 + kept.length
/** A window is over so long after its 12 hours: readings may come late. */
const settleMs = 13 * hourMs

/** What one forecaster said from one origin, by series. */
export interface Method {
  readonly model: string
  readonly batch: ForecastBatch
}

interface Pending {
  readonly origin: number
  readonly keys: readonly string[]
  readonly models: readonly string[]
  /** By method: mean, .1, .5, .9 of each series. */
  readonly values: readonly Float32Array[]
  /** 1 where a forecast was issued. */
  readonly issued: Uint8Array
}

/** What came of one series under what serves. */
export interface SeriesResult {
  readonly key: string
  readonly amount: number
  readonly mean: number
}

export interface PendingWindows {
  /** Series with `isIssued` 1 only; again for an origin: more series of the same methods, or other methods in their place. */
  record(history: History, origin: number, methods: readonly Method[], isIssued: Uint8Array): void
  /** Scores what is over by the end of this history; each window once. Results are of the first method. */
  settle(history: History): {
    readonly scores: readonly ModelScore[]
    readonly results: readonly SeriesResult[]
  }
}

/** Forecasts whose 12 hours are not over yet, in memory: a restart loses them, and no window is scored twice. */
export function createPendingWindows(): PendingWindows {
  let pending: readonly Pending[] = []
  return {
    record(history, origin, methods, isIssued) {
      const models = methods.map(({ model }) => model)
      const earlier = pending.find((one) => one.origin === origin)
      const isSame =
        earlier?.keys.length === history.series.length && earlier.models.join() === models.join()
      const next: Pending = isSame
        ? earlier
        : {
            ...{ origin, models, keys: history.series.map(keyOf) },
            values: methods.map(() => new Float32Array(history.series.length * width)),
            issued: new Uint8Array(history.series.length),
          }
      for (let s = 0; s < history.series.length; s++) {
        if (isIssued[s] === 0 || methods.some(({ batch }) => batch.answered[s] === 0)) continue
        next.issued[s] = 1
        methods.forEach(({ batch }, m) => {
          const into = next.values[m]!
          into[s * width] = batch.mean[s]!
          kept.forEach((level, k) => {
            into[s * width + 1 + k] = batch.quantiles[s * levels + level]!
          })
        })
      }
      pending = [...pending.filter((one) => one.origin !== origin), next]
    },
    settle(history) {
      const end = history.from + history.hours * hourMs
      const over = pending.filter(({ origin }) => origin + settleMs <= end)
      pending = pending.filter(({ origin }) => origin + settleMs > end)
      const places = new Map(history.series.map((series, s) => [keyOf(series), s]))
      const sums = new Map<string, ModelScore>()
      const results: SeriesResult[] = []
      for (const one of over) addOrigin(history, one, places, sums, results)
      return { scores: [...sums.values()], results }
    },
  }
}

function addOrigin(
  history: History,
  { origin, keys, models, values, issued }: Pending,
  places: ReadonlyMap<string, number>,
  sums: Map<string, ModelScore>,
  results: SeriesResult[],
): void {
  const outcome = createOutcome()
  const first = Math.round((origin - history.from) / hourMs)
  if (first < 0) return
  keys.forEach((key, i) => {
    const s = places.get(key)
    if (issued[i] === 0 || s === undefined) return
    readOutcome(history, s, first, outcome)
    if (!outcome.isKnown) return
    const { site, timeZone } = history.series[s]!
    const day = localDay(origin, timeZone)
    models.forEach((model, m) => {
      const id = `${model} ${site} ${day}`
      const before = sums.get(id) ?? {
        ...{ target: history.target, model, site, day, windows: 0, censored: 0, amount: 0 },
        ...{ mean: 0, absolute: 0, loss: 0, below10: 0, below50: 0, below90: 0 },
      }
      if (!outcome.isWhole) sums.set(id, { ...before, censored: before.censored + 1 })
      else sums.set(id, addWindow(before, outcome.total, values[m]!, i * width))
    })
    if (outcome.isWhole) {
      results.push({ key, amount: outcome.total, mean: values[0]![i * width]! })
    }
  })
}

function addWindow(sums: ModelScore, y: number, values: Float32Array, at: number): ModelScore {
  const [q10, q50, q90] = [values[at + 1]!, values[at + 2]!, values[at + 3]!]
  const isBelow = (q: number): number => (y <= q + 1e-4 ? 1 : 0)
  return {
    ...sums,
    windows: sums.windows + 1,
    amount: sums.amount + y,
    mean: sums.mean + values[at]!,
    absolute: sums.absolute + Math.abs(y - q50),
    loss:
      sums.loss + (2 * (pinball(0.1, y - q10) + pinball(0.5, y - q50) + pinball(0.9, y - q90))) / 3,
    below10: sums.below10 + isBelow(q10),
    below50: sums.below50 + isBelow(q50),
    below90: sums.below90 + isBelow(q90),
  }
}

export function keyOf(series: {
  readonly site: string
  readonly product: string | null
  readonly device: string | null
}): string {
  return `${series.site}/${series.product ?? series.device ?? ''}`
}
