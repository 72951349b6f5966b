import { expect, test } from 'vitest'
import { dayMs, hourMs } from '../../domain/index.ts'
import {
  baselines,
  createNetworkForecaster,
  loadTensorFlow,
  scoreForecasters,
  trainModel,
} from '../../models/index.ts'
import { wallClock } from '../../runtime/index.ts'
import { readCityHistory } from '../support/city-history.ts'

/** Sunday 2026-11-22 09:00 in Shanghai. */
const startAt = Date.UTC(2026, 10, 22, 1)
const historyDays = 28
const heldOutDays = 7
const size = {
  ...{ stores: 4, warehouses: 1, products: 20, doors: 1, tills: 1 },
  rooms: { chilled: 1, frozen: 0, ambient: 0, staging: 1 },
}

test.for([1, 2, 3])(
  'city %i: on a week that it has not seen, the network is better than the quantiles of 28 days',
  async (seed) => {
    const history = readCityHistory({ seed, startAt, size, historyDays })
    expect(history.series).toHaveLength(80)
    const until = startAt - heldOutDays * dayMs
    const tensorFlow = await loadTensorFlow('wasm')
    const model = await trainModel(tensorFlow, history, {
      ...{ until, seed: 1, maxMinutes: 60, clock: wallClock },
    })
    const network = createNetworkForecaster(tensorFlow, { ...model, name: 'network' })
    const empirical = baselines.find(({ name }) => name === 'empirical-28d')!
    const origins = Array.from({ length: 24 * heldOutDays - 12 }, (_, i) => until + i * hourMs)
    const [ours, naive] = scoreForecasters(history, [network, empirical], origins)
    network.dispose()
    console.log(
      `seed ${seed}: WQL ${ours!.scores.wql.toFixed(4)} against ${naive!.scores.wql.toFixed(4)} on ${ours!.scores.windows} windows in stock`,
    )
    expect(ours!.scores.windows).toBeGreaterThan(5_000)
    expect(ours!.scores.crossings).toBe(0)
    expect(ours!.scores.wql).toBeLessThan(naive!.scores.wql)
  },
)
