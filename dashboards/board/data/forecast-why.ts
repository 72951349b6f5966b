import type { ForecastExplanation } from '../../../domain/index.ts'

export interface WhyStep {
  readonly words: string
  /** With its sign: `+3.1`, `−0.4`. */
  readonly units: string
  readonly direction: 'more' | 'less' | 'same'
}

/** An explanation to the tenth of a unit: what rounding leaves over is in everything else, so that what is shown adds up. */
export function addUpWhy({ usual, parts, mean }: ForecastExplanation): {
  readonly usual: string
  readonly steps: readonly WhyStep[]
  readonly mean: string
} {
  const tenths = (value: number): number => Math.round(value * 10)
  const shown = parts.filter(({ units }) => tenths(units) !== 0)
  const sum = shown.reduce((total, { units }) => total + tenths(units), tenths(usual))
  const rest = tenths(mean) - sum
  return {
    usual: text(tenths(usual)),
    steps: [
      ...shown.map(({ words, units }) => step(words, tenths(units))),
      ...(rest === 0 ? [] : [step('everything else', rest)]),
    ],
    mean: text(tenths(mean)),
  }
}

function step(words: string, tenths: number): WhyStep {
  const sign = tenths > 0 ? '+' : '−'
  const direction = tenths > 0 ? 'more' : 'less'
  return { words, units: `${sign}${text(Math.abs(tenths))}`, direction }
}

function text(tenths: number): string {
  return (tenths / 10).toFixed(1)
}
