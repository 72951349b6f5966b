import { dayMs, LarderError } from '../domain/index.ts'
import {
  createVersionForecaster,
  describeWorth,
  loadModel,
  loadTensorFlow,
  measureWorth,
  readRetailHistory,
  type BackendChoice,
} from '../models/index.ts'
import { tryOut } from './out-file.ts'
import { originsOf, showReport } from './scored-origins.ts'

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
  if (options.json !== undefined) await tryOut(options.json)
  const { from, until } = options
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
  const forecaster = createVersionForecaster(tensorFlow, model)
  const report = measureWorth(history, forecaster, originsOf(options), { seed: options.seed })
  forecaster.dispose()
  await showReport(report, describeWorth, options.json)
}
