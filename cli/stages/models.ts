import { join } from 'node:path'
import { startModelsWorker } from '../../models/index.ts'
import { openDataFolder, wallClock } from '../../runtime/index.ts'
import { openSeries } from './engines.ts'
import { lead } from './leading.ts'
import { runStage } from './run-stage.ts'
import { loadStageSettings, type StageOptions } from './stage-settings.ts'

/** Forecasts and trains while it leads; what it has learnt lies in DATA/models, under a lock of its own. */
export function runModels(options: StageOptions): Promise<void> {
  const settings = loadStageSettings(options)
  return runStage(
    {
      name: 'models',
      needs: ['series', 'operations'],
      async start(context) {
        const { operations, logger, open, stops, onFatal } = context
        const folder = openDataFolder(join(settings.data, 'models'))
        stops.add('the folder of the models', () => folder.release())
        const series = await open('InfluxDB', () => openSeries(settings, operations.store, logger))
        const anchor = { wallAt: wallClock.now(), cityAt: wallClock.now(), speed: 1 }
        return lead(context, 'models', () =>
          startModelsWorker({
            operationsPort: operations.connect(),
            seriesPort: series.connect(),
            ...{ anchor, settings: settings.models, folder: folder.path, seed: settings.seed },
            ...{ logLevel: settings.log.level, onDeath: onFatal },
          }),
        )
      },
    },
    settings,
  )
}
