import { writeFile } from 'node:fs/promises'
import { dayMs, hourMs, LarderError } from '../domain/index.ts'
import {
  createNetworkForecaster,
  describeWorth,
  loadModel,
  loadTensorFlow,
  measureWorth,
  readRetailHistory,
  type BackendChoice,
} from '../models/index.ts'

export interface WorthOptions {
  model: string
  history: string
  from: number
  until: number
  hours: readonly number[]
  seed: number
  json?: string
  backend: BackendChoice
}

/** Days before the first origin that a forecast looks at. */
const lookBackDays = 30

export async function runWorth(options: WorthOptions): Promise<void> {
  const { from, until, hours } = options
  const model = await loadModel(options.model)
  if (model.version.target !== 'demand') {
    throw new LarderError(
      'RT_REQUEST_INVALID',
      `The model in ${options.model} forecasts ${model.version.target}, which no signal from outside is used for. Give one that was trained on demand.`,
    )
  }
  const history = await readRetailHistory(options.history, {
    from: from - lookBackDays * dayMs,
    until: until + 2 * dayMs,
  })
  const tensorFlow = await loadTensorFlow(options.backend)
  const forecaster = createNetworkForecaster(tensorFlow, { ...model, name: model.version.version })
  const origins: number[] = []
  for (let at = from; at <= until; at += dayMs) {
    for (const hour of hours) origins.push(at + hour * hourMs)
  }
  const report = measureWorth(history, forecaster, origins, { seed: options.seed })
  forecaster.dispose()
  if (report.windows === 0) {
    throw new LarderError(
      'RT_NO_HISTORY',
      'No 12 hours in stock follow any of these origins. Check --from and --until against the days of the file.',
    )
  }
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify(report, null, 1)}\n`)
  }
  process.stdout.write(describeWorth(report))
}
