import { expect, test } from 'vitest'
import { makeSyntheticHistory, syntheticOrigin } from '../test/models/synthetic-history.ts'
import { baselines } from './baselines/index.ts'
import { inputNames, learnLayout } from './features/index.ts'
import { hourOf, totalOf } from './forecast-batch.ts'
import type { Forecaster } from './forecaster.ts'
import { createNetwork, readWeights } from './network/index.ts'
import { createNetworkForecaster } from './network-forecaster.ts'
import { loadTensorFlow } from './tf.ts'

const history = makeSyntheticHistory({ sites: 3, products: 4, days: 30, seed: 4 })
const origin = syntheticOrigin(25, 9)
/** Those of the last site. */
const wanted = Uint8Array.from(history.series, ({ site }) => (site === 's2' ? 1 : 0))

async function createTiny(): Promise<Forecaster> {
  const tensorFlow = await loadTensorFlow('cpu')
  const layout = learnLayout(history, 25 * 24, () => 0)
  const inputs = inputNames(layout).length
  const shape = { inputs, width: 5, blocks: 1 }
  const network = createNetwork(tensorFlow.tf, shape, 3)
  const weights = readWeights(network)
  network.dispose()
  return createNetworkForecaster(tensorFlow, {
    ...{ name: 'tiny', shape, layout, calibration: null, members: [{ seed: 3, weights }] },
    means: new Array<number>(inputs).fill(0),
    deviations: new Array<number>(inputs).fill(1),
  })
}

test('of the series that are wanted the same is said as of all together', async () => {
  const network = await createTiny()
  for (const forecaster of [network, ...baselines]) {
    const whole = forecaster.forecast(history, origin)
    const part = forecaster.forecast(history, origin, wanted)
    for (const s of history.series.keys()) {
      if (wanted[s] === 0) continue
      expect(part.answered[s], forecaster.name).toBe(1)
      expect(totalOf(part, s), forecaster.name).toEqual(totalOf(whole, s))
      expect(hourOf(part, s, 7), forecaster.name).toEqual(hourOf(whole, s, 7))
    }
  }
})

test('a network answers and explains no other', async () => {
  const network = await createTiny()
  const batch = network.forecastAndExplain!(history, origin, 100, wanted)
  expect(batch.answered).toEqual(wanted)
  expect(batch.explanations!.map((one) => (one === null ? 0 : 1))).toEqual([...wanted])
})
