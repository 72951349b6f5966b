import { dayMs, hourMs } from '../domain/index.ts'
import {
  createNetworkForecaster,
  describeWorth,
  loadTensorFlow,
  measureWorth,
  scoreForecasters,
  trainModel,
} from '../models/index.ts'
import { compareRows } from '../models/scores.ts'
import { wallClock } from '../runtime/index.ts'
import { readCityHistory } from '../test/support/city-history.ts'

/**
 * What each signal of the simulated city is worth on a week that its network has not seen: switched off when it forecasts, and
 * (with --retrain) left out of training. `npm run bench:worth -- 1,2,3`
 */
const seeds = (process.argv.find((arg) => /^\d+(,\d+)*$/.test(arg)) ?? '1').split(',').map(Number)
const isRetraining = process.argv.includes('--retrain')
const startAt = Date.UTC(2026, 10, 22, 1)
const until = startAt - 7 * dayMs
const size = {
  ...{ stores: 8, warehouses: 1, products: 20, doors: 1, tills: 1 },
  rooms: { chilled: 1, frozen: 0, ambient: 0, staging: 1 },
}
const origins = Array.from({ length: 26 }, (_, i) => until + 6 * i * hourMs)

for (const seed of seeds) {
  const history = readCityHistory({ seed, startAt, size, historyDays: 28 })
  const train = async (leftOut: ReadonlySet<string>) => {
    const taught = {
      ...history,
      series: history.series.map((series) => ({
        ...series,
        known: Object.fromEntries(
          Object.entries(series.known).filter(([name]) => !leftOut.has(name)),
        ),
      })),
    }
    const tensorFlow = await loadTensorFlow('wasm')
    const options = { until, seed: 1, maxMinutes: 60, clock: wallClock }
    const model = await trainModel(tensorFlow, taught, options)
    return {
      history: taught,
      network: createNetworkForecaster(tensorFlow, { ...model, name: 'network' }),
    }
  }
  const whole = await train(new Set())
  console.log(`Simulated city, seed ${seed}`)
  console.log(describeWorth(measureWorth(history, whole.network, origins, { seed: 1 })))
  if (!isRetraining) continue
  for (const name of Object.keys(history.series[0]!.known)) {
    const other = await train(new Set([name]))
    const without = {
      name,
      forecast: (_: unknown, at: number) => other.network.forecast(other.history, at),
    }
    const [a, b] = scoreForecasters(history, [without, whole.network], origins)
    const { difference, low, high } = compareRows(a!.rows, b!.rows, { seed: 1 })
    const percent = (value: number) => `${((100 * value) / b!.scores.wql).toFixed(2)} %`
    console.log(
      `trained without ${name}: ${percent(difference)} (${percent(low)} to ${percent(high)})`,
    )
    other.network.dispose()
  }
}
