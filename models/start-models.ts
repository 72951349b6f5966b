import { errorMessage, type Clock, type Progress, type StageStatus } from '../domain/index.ts'
import type { Settings } from '../config/index.ts'
import type { Logger, Registry as Metrics, Stage } from '../runtime/index.ts'
import type { OperationsStore, SeriesStore } from '../store/index.ts'
import { createCityHistories } from './city-histories.ts'
import type { StartHelper } from './ensemble/index.ts'
import { createForecastHours } from './forecast-hours.ts'
import { thisMachine, type Machine } from './machine.ts'
import { createCounters } from './models-metrics.ts'
import { createRegistry } from './registry.ts'
import { createServing } from './serving.ts'
import { createWatch } from './watch/index.ts'
import { loadTensorFlow } from './tf.ts'
import { createTrainingSchedule, type Train } from './training-schedule.ts'
import { trainModel } from './training/index.ts'

export interface ModelsDeps {
  readonly series: SeriesStore
  readonly operations: OperationsStore
  /** The city's. */
  readonly clock: Clock
  /** The wall's: limits of training, pauses. */
  readonly wall: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly settings: Settings['models']
  /** Trained versions live here. */
  readonly folder: string
  readonly seed: number
  readonly onProgress?: ((progress: Progress | null) => void) | undefined
  /** Where training runs; in this thread where absent. */
  readonly train?: Train | undefined
  /** A second thread for forecasts of many series; none where absent. */
  readonly startHelper?: StartHelper | undefined
  readonly machine?: Machine | undefined
}

export interface ModelsStatus extends Pick<StageStatus, 'ready' | 'words'> {
  readonly progress: Progress | null
}

/**
 * Forecasts every series once an hour of the city clock, each site when its data have come up to the hour, and trains in the
 * background. Where the clock runs faster than the work, the hours in between are left out, never queued.
 */
export function startModels(deps: ModelsDeps): Stage & { status(): ModelsStatus } {
  const { wall, logger, settings } = deps
  const stopping = new AbortController()
  const { signal } = stopping
  const registry = createRegistry(deps.folder, deps.operations, logger)
  const serving = createServing({
    ...{ registry, backend: settings.backend, isEnabled: settings.enabled },
    startHelper: deps.startHelper,
    ...{ clock: deps.clock, wall, logger, signal },
  })
  const parts = {
    ...deps,
    ...{ signal, registry, serving },
    machine: deps.machine ?? thisMachine,
    histories: createCityHistories(deps),
    watch: createWatch({ operations: deps.operations, serving, registry, logger }),
    counters: createCounters(deps.metrics),
  }
  let progress: Progress | null = null
  let failure: string | null = null
  const onProgress = (next: Progress | null): void => {
    progress = next
    deps.onProgress?.(next)
  }
  const trainHere: Train = async (history, { backend, ...request }, run) =>
    trainModel(await loadTensorFlow(backend), history, { ...request, ...run, clock: wall })
  const quietly = (work: Promise<void>): Promise<void> =>
    work.catch((error: unknown) => {
      if (signal.aborted) return
      failure = `Stopped working: ${errorMessage(error)}`
      logger.error({ err: error }, 'models stopped working')
    })

  const training = createTrainingSchedule({ ...parts, train: deps.train ?? trainHere, onProgress })
  const hours = createForecastHours({ ...parts, whyNone: (target) => training.whyNone(target) })
  const begin = async (): Promise<void> => {
    await registry.adopt(deps.clock.now())
    await parts.serving.follow()
    await Promise.all([quietly(parts.serving.run()), quietly(training.run())])
  }
  const running = [quietly(hours.run()), quietly(begin())]

  return {
    status: () => ({
      ready: hours.isReady() && failure === null,
      words: failure ?? [hours.words(), training.words()].filter((one) => one !== null).join(' '),
      progress,
    }),
    async stop() {
      stopping.abort()
      await Promise.all(running)
      parts.serving.dispose()
    },
  }
}
