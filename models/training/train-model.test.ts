import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { wallClock } from '../../runtime/index.ts'
import {
  makeSyntheticHistory,
  syntheticOrigin,
  syntheticStart,
} from '../../test/models/synthetic-history.ts'
import { scoreForecasters } from '../backtest.ts'
import { baselines } from '../baselines/index.ts'
import type { History } from '../forecaster.ts'
import { createNetworkForecaster } from '../network-forecaster.ts'
import { loadModel, saveModel, type NetworkModel } from '../network-model.ts'
import { loadTensorFlow } from '../tf.ts'
import { trainModel } from './train-model.ts'
import type { TrainingOptions } from './options.ts'

const tiny = { width: 16, blocks: 1, epochs: 2, settleEpochs: 1, originsPerEpoch: 12, batch: 64 }

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-models-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function train(
  history: History,
  options: Partial<TrainingOptions> = {},
): Promise<NetworkModel> {
  return trainModel(await loadTensorFlow('wasm'), history, {
    until: syntheticStart + history.hours * 3_600_000,
    seed: 1,
    maxMinutes: 5,
    clock: wallClock,
    plan: tiny,
    ...options,
  })
}

test('on seasonal sales the network beats the quantiles of the last 28 days on days it never saw', async () => {
  const history = makeSyntheticHistory({ sites: 4, products: 6, days: 49, seed: 3 })
  const model = await train(history, {
    until: syntheticOrigin(42, 0),
    plan: { width: 32, blocks: 1, epochs: 6, settleEpochs: 2, originsPerEpoch: 24, batch: 64 },
  })
  const forecaster = createNetworkForecaster(await loadTensorFlow('wasm'), {
    ...model,
    name: 'model',
  })
  const origins = [42, 43, 44, 45, 46, 47, 48].flatMap((day) => [
    syntheticOrigin(day, 6),
    syntheticOrigin(day, 10),
  ])
  const scored = scoreForecasters(history, [forecaster, ...baselines], origins)
  forecaster.dispose()
  const wql = Object.fromEntries(scored.map(({ name, scores }) => [name, scores.wql]))
  expect(scored[0]!.scores.crossings).toBe(0)
  expect(wql.model).toBeLessThan(wql['empirical-28d']! * 0.95)
  expect(Object.keys(model.version.scores).sort()).toEqual(
    ['empirical-28d', 'mean-7d', 'model', 'naive-168h', 'naive-24h', 'smoothed-28d'].sort(),
  )
})

test('what comes at and after the origin changes no forecast, of the network or a baseline', async () => {
  const history = makeSyntheticHistory({ sites: 2, products: 3, days: 21, seed: 5 })
  const model = await train(history)
  const origin = syntheticOrigin(18, 9)
  const corrupted: History = {
    ...history,
    series: history.series.map((series) => ({
      ...series,
      value: series.value.map((value, hour) => (hour >= 18 * 24 + 9 ? 999 + hour : value)),
      outMinutes: series.outMinutes.map((minutes, hour) => (hour >= 18 * 24 + 9 ? 60 : minutes)),
    })),
  }
  const network = createNetworkForecaster(await loadTensorFlow('wasm'), { ...model, name: 'model' })
  for (const forecaster of [network, ...baselines]) {
    expect(forecaster.forecast(corrupted, origin)).toEqual(forecaster.forecast(history, origin))
  }
  network.dispose()
})

test('the same seed gives the same weights, and a saved model comes back to the bit', async () => {
  const history = makeSyntheticHistory({ sites: 2, products: 2, days: 16, seed: 7 })
  const first = await train(history)
  const again = await train(history)
  const other = await train(history, { seed: 2 })
  expect(again.members).toEqual(first.members)
  expect(other.members[0]!.weights).not.toEqual(first.members[0]!.weights)
  await saveModel(folder, first)
  expect(await loadModel(folder)).toEqual(first)
})

test('weights that do not belong to their description are refused', async () => {
  const history = makeSyntheticHistory({ sites: 1, products: 2, days: 16, seed: 7 })
  await saveModel(folder, await train(history))
  const path = join(folder, 'weights.bin')
  const bytes = await readFile(path)
  bytes[8]! ^= 1
  await writeFile(path, bytes)
  await expect(loadModel(folder)).rejects.toMatchObject({ code: 'RT_FILE_UNREADABLE' })
})

test('training that was interrupted goes on from its checkpoint and ends with the same weights', async () => {
  const history = makeSyntheticHistory({ sites: 2, products: 2, days: 16, seed: 9 })
  const straight = await train(history)
  const abort = new AbortController()
  await expect(
    train(history, {
      checkpointFolder: folder,
      signal: abort.signal,
      onProgress: ({ done }) => {
        if (done >= 1) abort.abort(new Error('interrupted'))
      },
    }),
  ).rejects.toThrow('interrupted')
  const seen: number[] = []
  const resumed = await train(history, {
    checkpointFolder: folder,
    onProgress: ({ done }) => seen.push(done),
  })
  expect(Math.min(...seen)).toBeGreaterThanOrEqual(1)
  resumed.members[0]!.weights.forEach((weight, i) =>
    expect(weight).toBeCloseTo(straight.members[0]!.weights[i]!, 5),
  )
})

test('on a frozen city the held-out scores stay in their bands', async () => {
  const history = makeSyntheticHistory({ sites: 3, products: 5, days: 42, seed: 11 })
  const { version } = await train(history, {
    plan: { width: 24, blocks: 1, epochs: 5, settleEpochs: 1, originsPerEpoch: 24, batch: 64 },
  })
  // Of the baselines to the digit: they are arithmetic. Of the network as far as a change that harms would show.
  const { model, ...naive } = version.scores
  expect(naive).toEqual({
    ...{ 'naive-24h': 0.3293, 'naive-168h': 0.2682, 'mean-7d': 0.32345 },
    ...{ 'empirical-28d': 0.24921, 'smoothed-28d': 0.16296 },
  })
  expect(model).toBeGreaterThan(0.15)
  expect(model).toBeLessThan(0.2)
})

test('a series that never sold is forecast as next to nothing, and harms no other', async () => {
  const history = makeSyntheticHistory({ sites: 2, products: 3, days: 21, seed: 5 })
  const [first, ...others] = history.series
  const silent = { ...first!, value: new Float32Array(history.hours) }
  const mixed: History = { ...history, series: [silent, ...others] }
  const model = await train(mixed, { until: syntheticOrigin(20, 0) })
  const forecaster = createNetworkForecaster(await loadTensorFlow('wasm'), { ...model, name: 'm' })
  const batch = forecaster.forecast(mixed, syntheticOrigin(20, 6))
  forecaster.dispose()
  expect(batch.answered[0]).toBe(1)
  expect(batch.mean[0]).toBeLessThan(0.5)
  expect(batch.mean[1]).toBeGreaterThan(2 * batch.mean[0]!)
  expect([...batch.quantiles, ...batch.mean].every(Number.isFinite)).toBe(true)
})

test('a city in which nothing ever sold trains to forecasts of next to nothing, as a candidate', async () => {
  const history = makeSyntheticHistory({ sites: 1, products: 2, days: 16, seed: 5 })
  const series = history.series.map((one) => ({ ...one, value: new Float32Array(history.hours) }))
  const model = await train({ ...history, series }, { until: syntheticOrigin(15, 0) })
  expect(model.version.label).toBe('candidate')
  const forecaster = createNetworkForecaster(await loadTensorFlow('wasm'), { ...model, name: 'm' })
  const batch = forecaster.forecast({ ...history, series }, syntheticOrigin(15, 6))
  forecaster.dispose()
  expect([...batch.quantiles, ...batch.mean].every(Number.isFinite)).toBe(true)
  expect(batch.mean[0]).toBeLessThan(1)
})

test('with less than eight days there is nothing to train on, in words', async () => {
  const history = makeSyntheticHistory({ sites: 1, products: 1, days: 7, seed: 1 })
  await expect(train(history)).rejects.toMatchObject({ code: 'RT_NO_HISTORY' })
})
