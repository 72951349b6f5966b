import { startPlannerWorker } from '../../planner/index.ts'
import { wallClock } from '../../runtime/index.ts'
import { openSeries } from './engines.ts'
import { lead } from './leading.ts'
import { runStage } from './run-stage.ts'
import { loadStageSettings, type StageOptions } from './stage-settings.ts'

/** Decides while it leads. */
export function runPlanner(options: StageOptions): Promise<void> {
  const settings = loadStageSettings(options)
  return runStage(
    {
      name: 'planner',
      needs: ['series', 'operations'],
      async start(context) {
        const { operations, logger, open, onFatal } = context
        const series = await open('InfluxDB', () => openSeries(settings, operations.store, logger))
        const { autoApproveMinutes, sim } = settings.city
        const anchor = { wallAt: wallClock.now(), cityAt: wallClock.now(), speed: 1 }
        return lead(context, 'planner', () =>
          startPlannerWorker({
            operationsPort: operations.connect(),
            seriesPort: series.connect(),
            ...{
              anchor,
              clockSpeed: 1,
              settings: settings.planner,
              keepDays: settings.operations.keepDays,
            },
            autoApproveMinutes: sim === 'city' ? autoApproveMinutes : 0,
            ...{ logLevel: settings.log.level, onDeath: onFatal },
          }),
        )
      },
    },
    settings,
  )
}
