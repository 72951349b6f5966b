import { expect, test } from 'vitest'
import { hourMs } from '../../domain/index.ts'
import { makeSyntheticHistory } from '../../test/models/synthetic-history.ts'
import { buildInputs, inputNames, learnLayout } from '../features/index.ts'
import type { History } from '../forecaster.ts'
import { createNetwork, readWeights } from '../network/index.ts'
import { createNetworkForecaster } from '../network-forecaster.ts'
import { loadTensorFlow } from '../tf.ts'
import { groupOf } from './input-groups.ts'

const days = 30
const plain = makeSyntheticHistory({ sites: 2, products: 3, days, seed: 4 })
const origin = plain.from + (days * 24 - 12) * hourMs
/** Half price ahead, of the first series. */
const history: History = {
  ...plain,
  series: plain.series.map((series, s) => ({
    ...series,
    known: {
      discount: {
        hoursPerStep: 1,
        values: Float32Array.from({ length: days * 24 }, (_, hour) =>
          s === 0 && hour >= days * 24 - 12 ? 0.5 : 1,
        ),
      },
    },
  })),
}
const layout = learnLayout(history, days * 24, () => 0)
const names = inputNames(layout)
const shape = { inputs: names.length, width: 5, blocks: 1 }
const means = names.map((_, i) => 0.1 * (i % 3))
/** Small of the discount, so that it counts for much. */
const deviations = names.map((name, i) =>
  name.startsWith('discount.') ? 0.1 : 0.5 + 0.1 * (i % 5),
)

async function setUp() {
  const tensorFlow = await loadTensorFlow('cpu')
  const network = createNetwork(tensorFlow.tf, shape, 3)
  const weights = readWeights(network)
  network.dispose()
  const model = {
    shape,
    layout,
    means,
    deviations,
    calibration: null,
    members: [{ seed: 3, weights }],
  }
  const forecaster = createNetworkForecaster(tensorFlow, { ...model, name: 'tiny' })
  return { weights, forecaster }
}

/** The mean of one normalised row by the network's formula, in plain numbers and from its weights alone. */
function meanOf(row: readonly number[], weights: Float32Array): number {
  const { inputs, width } = shape
  let at = 0
  const take = (from: number, to: number): ((x: readonly number[]) => number[]) => {
    const matrix = weights.subarray(at, at + from * to)
    const bias = weights.subarray(at + from * to, at + from * to + to)
    at += from * to + to
    return (x) =>
      Array.from(bias, (b, j) => x.reduce((sum, xi, i) => sum + xi * matrix[i * to + j]!, b))
  }
  const silu = (x: readonly number[]): number[] => x.map((v) => v / (1 + Math.exp(-v)))
  let x = silu(take(inputs, width)(row))
  const inner = take(width, width)
  const outer = take(width, width)
  x = outer(silu(inner(x))).map((v, i) => v + x[i]!)
  return Math.log1p(Math.exp(take(width, 10)(x)[9]!))
}

/** A normalised input that says nothing: its mean, but of the discount full price, as ever. */
function silent(i: number): number {
  if (!names[i]!.startsWith('discount.')) return 0
  const value = names[i] === 'discount.ahead' ? 1 : 0
  return Math.max(-6, Math.min(6, (value - means[i]!) / deviations[i]!))
}

test('a part is what the mean loses without its group, by a network that is reckoned by hand', async () => {
  const { weights, forecaster } = await setUp()
  const batch = forecaster.forecastAndExplain!(history, origin, 100)
  const { rows, width, expectation } = buildInputs(history, origin, layout)
  expect(batch.explanations).toHaveLength(6)
  expect(batch.explanations![0]!.parts.map(({ group }) => group)).toContain('discount')
  for (const [s, explanation] of batch.explanations!.entries()) {
    const row = Array.from(rows.subarray(s * width, (s + 1) * width), (value, i) =>
      Math.max(-6, Math.min(6, (value - means[i]!) / deviations[i]!)),
    )
    const scale = expectation.scale[s]!
    const change = (group: string): number => {
      const occluded = row.map((value, i) => (groupOf(names[i]!) === group ? silent(i) : value))
      return (meanOf(row, weights) - meanOf(occluded, weights)) * scale
    }
    const all = [...new Set(names.map(groupOf))]
      .filter((group) => group !== 'kind' && group !== 'pattern')
      .map((group) => Math.abs(change(group)))
    const largest = all.sort((a, b) => b - a).slice(0, explanation!.parts.length)
    expect(explanation!.usual).toBeCloseTo(scale, 1)
    for (const [i, part] of explanation!.parts.entries()) {
      expect(part.units).toBeCloseTo(change(part.group), 1)
      expect(Math.abs(part.units)).toBeCloseTo(largest[i]!, 1)
    }
  }
  forecaster.dispose()
})

test('the usual amount, the parts and the rest add up to the mean that is forecast', async () => {
  const { forecaster } = await setUp()
  const batch = forecaster.forecastAndExplain!(history, origin, 100)
  for (const [s, explanation] of batch.explanations!.entries()) {
    const { usual, parts, rest, mean } = explanation!
    const sum = parts.reduce((total, { units }) => total + units, usual + rest)
    expect(sum).toBeCloseTo(mean, 6)
    expect(mean).toBeCloseTo(batch.mean[s]!, 1)
    expect(parts.length).toBeLessThanOrEqual(3)
  }
  expect(forecaster.forecast(history, origin)).toEqual({ ...batch, explanations: undefined })
  forecaster.dispose()
})

test('of more series than are asked for, those furthest from their usual amount are explained', async () => {
  const { forecaster } = await setUp()
  const { explanations, mean } = forecaster.forecastAndExplain!(history, origin, 2)
  const { expectation } = buildInputs(history, origin, layout)
  const apart = [...mean].map((value, s) => Math.abs(value - expectation.scale[s]!))
  const furthest = [...apart.keys()].sort((a, b) => apart[b]! - apart[a]!).slice(0, 2)
  expect(explanations!.flatMap((one, s) => (one ? [s] : [])).sort()).toEqual(furthest.sort())
  forecaster.dispose()
})

test('every input is in a group that a person knows', () => {
  const grouped = Object.fromEntries(names.map((name) => [name, groupOf(name)]))
  expect(grouped).toMatchObject({
    ...{ weekday3: 'calendar', hourSin: 'calendar', 'discount.ahead': 'discount' },
    ...{ recent3: 'recent', recentSeen3: 'stock-outs', windowSeen7: 'stock-outs' },
    ...{ windowBack7: 'same-hours', yesterday2: 'same-hours', 'self.today': 'recent' },
    ...{ scale: 'pattern', month3: 'pattern' },
  })
  expect(groupOf('site.today')).toBe('site')
  expect(groupOf('productInRegion.half')).toBe('product')
  expect(groupOf('weatherPrecipitation.week')).toBe('rain')
  expect(groupOf('category1=dairy')).toBe('kind')
})
