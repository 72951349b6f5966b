import { startIngest, startPruneLoop } from '../../ingest/index.ts'
import { createRandom, wallClock } from '../../runtime/index.ts'
import { openMessageLog, openSeries } from './engines.ts'
import { runStage } from './run-stage.ts'
import { loadStageSettings, type StageOptions } from './stage-settings.ts'

/** One of any number of readers of the log: each has some of its partitions, and takes over those of one that ends. */
export function runIngest(options: StageOptions): Promise<void> {
  const settings = loadStageSettings(options)
  return runStage(
    {
      name: 'ingest',
      needs: ['messageLog', 'series', 'operations'],
      async start({ operations, logger, metrics, open, stops, onFatal }) {
        const log = await open('Kafka', () => openMessageLog(settings, logger))
        const series = await open('InfluxDB', () => openSeries(settings, operations.store, logger))
        const pruning = startPruneLoop({
          ...{ series: series.store, clock: wallClock, wall: wallClock, logger },
          ...{ clockSpeed: 1, keepDays: settings.series.keepDays },
          keepRollupYears: settings.series.keepRollupYears,
        })
        stops.add('pruning', () => pruning.stop())
        const ingest = await startIngest({
          ...{ log: log.store, series: series.store, operations: operations.store },
          ...{ clock: wallClock, wall: wallClock, random: createRandom(process.pid) },
          ...{ logger, metrics, settings: settings.ingest },
          onDeath: (error) => onFatal(error instanceof Error ? error : new Error(String(error))),
        })
        stops.add('ingest', () => ingest.stop())
        return {
          condition() {
            const lagMs = ingest.lagMs()
            const { readings } = ingest.counts()
            const words = lagMs < 1000 ? 'up to date' : `${Math.round(lagMs / 1000)} s behind`
            return Promise.resolve({ ready: true, words, progress: null, lagMs, readings })
          },
        }
      },
    },
    settings,
  )
}
