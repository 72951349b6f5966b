import { parseArgs } from 'node:util'
import { hourMs } from '../domain/index.ts'
import {
  createNetworkForecaster,
  helpInThread,
  loadTensorFlow,
  type History,
  type SeriesHistory,
} from '../models/index.ts'
import { createInputBuilder, inputNames, learnLayout } from '../models/features/index.ts'
import { createNetwork, readWeights } from '../models/network/index.ts'
import { allocateRows, buildTrainingRows } from '../models/training/rows.ts'
import { hasRecentErrors } from '../models/recent-errors.ts'
import { createRandom } from '../runtime/index.ts'
import { describeMachine } from './support/machine.ts'

/**
 * Twelve hours ahead of a whole city: rows of inputs, several networks averaged, yesterday's errors (the rows of the day before and
 * one network again), amounts; with a helper in a second thread and alone. Networks have weights by chance, which cost what trained
 * ones cost. Also how fast rows are built for training, and what one series alone takes.
 */
const { values } = parseArgs({
  options: {
    series: { type: 'string', default: '50000' },
    members: { type: 'string', default: '4' },
    width: { type: 'string', default: '192' },
    rounds: { type: 'string', default: '2' },
    backend: { type: 'string', default: 'wasm' },
  },
})
const productsPerSite = 100
const days = 29
const hours = days * 24
const from = Date.UTC(2026, 9, 5)
const originAt = from + hours * hourMs
const random = createRandom(1)

/** The inputs of FreshRetailNet-50K: seven known by the day, three kinds of category. */
function makeHistory(count: number, hours: number): History {
  const known = ['activity', 'discount', 'holiday', 'rain', 'temperature', 'humidity', 'wind']
  const list: SeriesHistory[] = []
  for (let s = 0; s < count; s++) {
    const product = s % productsPerSite
    const value = new Float32Array(hours)
    const outMinutes = new Uint8Array(hours)
    const level = 0.2 + 2 * random.next()
    for (let hour = 0; hour < hours; hour++) {
      const isOpen = hour % 24 >= 7
      if (random.next() < (isOpen ? 0.5 : 0.02)) value[hour] = Math.ceil(4 * level * random.next())
      if (hour % 24 >= 17 && (s + Math.floor(hour / 24)) % 5 === 0) outMinutes[hour] = 60
    }
    list.push({
      ...{ site: `s${Math.floor(s / productsPerSite)}`, product: `p${product}` },
      ...{ device: null, timeZone: 'Asia/Shanghai', value, outMinutes },
      statics: {
        region: `r${s % 12}`,
        category1: `c${product % 30}`,
        category2: `c${product % 71}`,
        category3: `c${product}`,
      },
      known: Object.fromEntries(
        known.map((name) => [
          name,
          {
            hoursPerStep: 24,
            values: Float32Array.from({ length: days + 1 }, () => random.next()),
          },
        ]),
      ),
    })
  }
  return { target: 'demand', from, hours, series: list }
}

interface Taken {
  readonly wallMs: number
  readonly cpuMs: number
}

function timed<T>(run: () => T): Taken & { readonly of: T } {
  const cpu = process.cpuUsage()
  const began = performance.now()
  const of = run()
  const { user, system } = process.cpuUsage(cpu)
  return { wallMs: performance.now() - began, cpuMs: (user + system) / 1e3, of }
}

/** The fastest, because other work on the machine only adds. */
function best(times: number, run: () => void): Taken {
  const all = Array.from({ length: times }, () => timed(run))
  return {
    wallMs: Math.round(Math.min(...all.map(({ wallMs }) => wallMs))),
    cpuMs: Math.round(Math.min(...all.map(({ cpuMs }) => cpuMs))),
  }
}

const peakMb = (): number => Math.round(process.resourceUsage().maxRSS / 1024)

const machine = describeMachine()
const tensorFlow = await loadTensorFlow(values.backend === 'native' ? 'native' : 'wasm')
const history = makeHistory(Number(values.series), hours)
const layout = learnLayout({ ...history, series: history.series.slice(0, 2_000) }, hours, () => 0)
const inputs = inputNames(layout).length
const shape = { inputs, width: Number(values.width), blocks: 2 }
const model = {
  ...{ name: 'bench', layout, shape, calibration: null },
  means: new Array<number>(inputs).fill(0),
  deviations: new Array<number>(inputs).fill(1),
  members: Array.from({ length: Number(values.members) }, (_, seed) => {
    const network = createNetwork(tensorFlow.tf, shape, seed)
    const weights = readWeights(network)
    network.dispose()
    return { seed, weights }
  }),
}
if (!hasRecentErrors(history, layout, originAt)) throw new Error("yesterday's errors are left out")
const forecaster = createNetworkForecaster(tensorFlow, model)
const helped = createNetworkForecaster(
  tensorFlow,
  model,
  helpInThread((error) => {
    throw error
  }),
)

const rounds = Number(values.rounds)
const row = new Float32Array(inputs)
const features = best(rounds, () => {
  const { write } = createInputBuilder(history, layout).at(originAt)
  for (let s = 0; s < history.series.length; s++) write(s, row, 0)
})
const rssBeforeMb = peakMb()
const together = best(rounds, () => helped.forecast(history, originAt))
const rssMb = peakMb()
const alone = best(rounds, () => forecaster.forecast(history, originAt))

const one: History = { ...history, series: history.series.slice(0, 1) }
const single = best(50, () => forecaster.forecast(one, originAt))

const trained: History = { ...history, series: history.series.slice(0, 10_000) }
const store = allocateRows(2 * trained.series.length, inputs)
const origins = [hours - 40, hours - 20]
let rows = 0
const training = best(rounds, () => {
  rows = buildTrainingRows(trained, origins, layout, store).count
})
forecaster.dispose()
helped.dispose()

process.stdout.write(
  `${JSON.stringify(
    {
      machine,
      backend: tensorFlow.backend,
      ...{ series: history.series.length, inputs, width: shape.width, members: values.members },
      forecast: { ...together, rssBeforeMb, rssMb },
      inOneThread: alone,
      features: { ...features, share: Number((features.cpuMs / alone.cpuMs).toFixed(2)) },
      oneSeries: single,
      trainingRows: {
        rows,
        ...training,
        rowsPerCpuSecond: Math.round((rows * 1e3) / training.cpuMs),
      },
      goal: { forecastMs: 10_000, rssMb: 1024 },
    },
    null,
    1,
  )}\n`,
)
