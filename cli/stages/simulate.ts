import { randomUUID } from 'node:crypto'
import { startStatusServer } from '../../api/index.ts'
import { LarderError, type Progress } from '../../domain/index.ts'
import { startCity } from '../../firmware-sim/index.ts'
import {
  createLogger,
  createMetrics,
  createStopList,
  openDataFolder,
  stopOnSignal,
  wallClock,
} from '../../runtime/index.ts'
import { createProgressPrinter } from '../up/terminal.ts'
import { loadStageSettings, type StageOptions } from './stage-settings.ts'

export interface SimulateOptions extends StageOptions {
  readonly url: string
  readonly gateway: string
  readonly keyFile?: string
  readonly seed?: string
  readonly size?: string
  readonly historyDays?: string
  readonly replay?: string
}

/** The simulated city and its devices as a process: it knows Larder by its API and its gateway only. */
export async function runSimulate(options: SimulateOptions): Promise<void> {
  const settings = loadStageSettings(options, {
    seed: options.seed,
    'city.size': options.size,
    'city.historyDays': options.historyDays,
    'city.replay': options.replay,
    'api.simKeyFile': options.keyFile,
  })
  const logger = createLogger(settings.log.level).child({ stage: 'city' })
  const stops = createStopList(logger)
  const stopping = new AbortController()
  const guard = stopOnSignal(
    {
      async stop() {
        stopping.abort(new LarderError('RT_STOPPED', 'The simulated city was stopped.'))
        await stops.stop()
      },
    },
    { logger, stopWithinMs: 3_000 },
  )
  const printer = createProgressPrinter(process.stdout)
  let words = 'Waiting for the API.'
  let isRunning = false
  const showProgress = (progress: Progress): void => {
    words = progress.task
    printer.show(progress)
  }
  try {
    const folder = openDataFolder(settings.data)
    stops.add('the data folder', () => folder.release())
    const metrics = createMetrics()
    const status = await startStatusServer({
      ...settings.http,
      status: () => Promise.resolve([{ name: 'city', ready: isRunning, words }]),
      metricsText: () => metrics.metrics(),
      logger,
    })
    stops.add('the status server', () => status.stop())
    const { simKeyFile } = settings.api
    const city = await startCity({
      apiUrl: options.url,
      mqttUrl: options.gateway,
      keyFile: simKeyFile === '' ? folder.file('sim.key') : simKeyFile,
      ...{ folder: folder.path, seed: settings.seed, size: settings.city.size },
      historyDays: settings.city.historyDays,
      replay: settings.city.replay === '' ? null : settings.city.replay,
      ...{ runId: randomUUID(), wall: wallClock, logger, signal: stopping.signal },
      onProgress: showProgress,
      onState({ devices, connected, waiting }) {
        printer.show(null)
        isRunning = true
        words = `${connected} of ${devices} devices connected${waiting > 0 ? `, ${waiting} messages on their way` : ''}`
      },
    })
    stops.add('the city', () => city.stop())
    process.stdout.write(
      `The simulated city runs.\n  API     ${options.url}\n  MQTT    ${options.gateway}\n  status  ${status.url}/ready\nCtrl-C stops it.\n`,
    )
  } catch (error) {
    if (!stopping.signal.aborted) guard.fail(error as Error)
    throw error
  }
}
