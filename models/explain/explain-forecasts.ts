import type { ExplanationPart, ForecastExplanation, InputGroup } from '../../domain/index.ts'
import { inputNames, type FeatureLayout, type InputRows } from '../features/index.ts'
import type { ForecastBatch, History } from '../forecaster.ts'
import { groupInputs } from './input-groups.ts'
import { describePart } from './part-words.ts'

export interface Explainer {
  /** By series; null for those without a forecast, and beyond the `most` that are furthest from their usual amount. */
  explain(
    history: History,
    inputs: InputRows,
    batch: ForecastBatch,
    most: number,
  ): readonly (ForecastExplanation | null)[]
}

const mostParts = 3
/** Less than this of a unit is not worth a person's look. */
const leastUnits = 0.05
const seriesAtOnce = 256

/** What a series and a product are like every day: no reason of today's. It is in everything else. */
const alwaysTheSame: ReadonlySet<InputGroup> = new Set(['pattern', 'kind'])

/**
 * Explains by occlusion (Zeiler & Fergus 2014, section 4.2, on groups of inputs): the forecast's mean less the mean with a group that
 * says nothing is what the group adds. An input says nothing at its mean in training; a signal where nobody said anything.
 */
export function createExplainer(
  ensemble: { answer(rows: Float32Array): { readonly mean: Float32Array } },
  model: {
    readonly layout: FeatureLayout
    /** Of each input in training. */
    readonly means: readonly number[]
    /** In place, as the network learnt it. */
    readonly normalise: (row: Float32Array) => void
  },
): Explainer {
  const names = inputNames(model.layout)
  const groups = [...groupInputs(names)].filter(([group]) => !alwaysTheSame.has(group))
  const silent = silentRow(names, model.layout, model.means)
  model.normalise(silent)

  return {
    explain(history, inputs, batch, most) {
      const { width, write, expectation } = inputs
      const answers = history.series.map((): ForecastExplanation | null => null)
      const chosen = choose(batch, expectation.scale, most)
      const versions = groups.length + 1
      const rows = new Float32Array(Math.min(seriesAtOnce, chosen.length) * versions * width)
      for (let start = 0; start < chosen.length; start += seriesAtOnce) {
        const picked = chosen.slice(start, start + seriesAtOnce)
        const block = rows.subarray(0, picked.length * versions * width)
        picked.forEach((s, i) => {
          const whole = i * versions * width
          write(s, block, whole)
          model.normalise(block.subarray(whole, whole + width))
          groups.forEach(([, places], g) => {
            const at = whole + (g + 1) * width
            block.copyWithin(at, whole, whole + width)
            for (const place of places) block[at + place] = silent[place]!
          })
        })
        const { mean } = ensemble.answer(block)
        picked.forEach((s, i) => {
          const scale = expectation.scale[s]!
          const base = mean[i * versions]!
          const units = groups.map(([group], g): readonly [InputGroup, number] => [
            group,
            (base - mean[i * versions + g + 1]!) * scale,
          ])
          answers[s] = addUp(units, scale, batch.mean[s]!, (group) =>
            describePart(group, history, history.series[s]!, batch.origin),
          )
        })
      }
      return answers
    },
  }
}

function silentRow(
  names: readonly string[],
  { known, absent }: FeatureLayout,
  means: readonly number[],
): Float32Array {
  return Float32Array.from(names, (input, i) => {
    const [name = '', part] = input.split('.')
    if (part === undefined || !known.includes(name)) return means[i]!
    return part === 'ahead' ? (absent?.[name] ?? means[i]!) : 0
  })
}

function choose(batch: ForecastBatch, usual: Float32Array, most: number): readonly number[] {
  const answered = [...batch.answered.keys()].filter((s) => batch.answered[s] === 1)
  if (answered.length <= most) return answered
  const apart = (s: number): number => Math.abs(batch.mean[s]! - usual[s]!)
  return answered.sort((a, b) => apart(b) - apart(a)).slice(0, most)
}

/** Rounded so that what is shown adds up to the mean that is shown. */
function addUp(
  units: readonly (readonly [InputGroup, number])[],
  usual: number,
  mean: number,
  wordsOf: (group: InputGroup) => string,
): ForecastExplanation {
  const parts = units
    .filter(([, change]) => Math.abs(change) >= leastUnits)
    .toSorted(([, a], [, b]) => Math.abs(b) - Math.abs(a))
    .slice(0, mostParts)
    .map(([group, change]): ExplanationPart => ({
      ...{ group, words: wordsOf(group), units: round(change) },
    }))
  const shown = parts.reduce((sum, part) => sum + part.units, round(usual))
  return { usual: round(usual), parts, rest: round(round(mean) - shown), mean: round(mean) }
}

const round = (value: number): number => Math.round(value * 100) / 100
