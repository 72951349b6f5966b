import type { Command } from 'commander'
import { registerModelRegistry } from './models-registry.ts'
import type { StageOptions } from './stages/stage-settings.ts'
import { stage } from './stages.ts'
import type { BacktestOptions, ForecastOptions, TrainOptions } from './models-actions.ts'
import {
  backendOption,
  parseDay,
  parseExclusion,
  parseHours,
  parseOrigins,
  parsePositive,
  parseThreads,
  parseWhole,
  targetOption,
} from './models-options.ts'
import type { WorthOptions } from './models-worth.ts'

const actions = () => import('./models-actions.ts')

/** `larder models serve | train | forecast | backtest | worth`, and what is done with trained versions. */
export function registerModels(program: Command): void {
  const models = program
    .command('models')
    .description(
      'The forecasting network: serve it, train it on files, forecast with it, score it.',
    )

  stage(
    models,
    'serve',
    'Start the stage that forecasts: one at a time, others wait for their turn.',
  )
    .option('--data <dir>', 'what it learns is kept in DIR/models (default ./data)')
    .addHelpText(
      'after',
      '\nExample:\n  larder models serve --http 8083 --data ./data\n\nIt needs series.url and operations.url: docs/distributed.md',
    )
    .action(async (options: StageOptions) =>
      (await import('./stages/models.ts')).runModels(options),
    )

  models
    .command('train')
    .description(
      'Train one network on every series of a history; goes on where it was interrupted.',
    )
    .requiredOption('--history <file>', 'Parquet file, or a folder of them')
    .requiredOption('--until <day>', 'last day to learn from, inclusive', parseDay)
    .requiredOption('--out <folder>', 'where the model goes')
    .option('--exclude <column=values>', 'leave out rows, e.g. city_id=5,7,11', parseExclusion)
    .option('--seed <number>', 'the same seed gives the same weights', parseWhole, 1)
    .option('--max-minutes <minutes>', 'plan all of it to end in so long', parsePositive, 20)
    .option('--threads <number>', 'train so many networks side by side', parseThreads)
    .addOption(targetOption())
    .addOption(backendOption())
    .option('--json', 'print the scores as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  larder models train --history sales.parquet --until 2024-06-11 --out model --max-minutes 10',
    )
    .action(async (options: TrainOptions) => (await actions()).train(options))

  models
    .command('forecast')
    .description('Write the next 12 hours of every series as quantiles, to Parquet.')
    .requiredOption('--model <folder>', 'what "larder models train" wrote')
    .requiredOption('--history <file>', 'Parquet file, or a folder of them')
    .requiredOption(
      '--origins <times>',
      'local full hours, e.g. 2024-06-12T06:00,2024-06-12T10:00',
      parseOrigins,
    )
    .requiredOption('--out <file>', 'Parquet file; hours go beside it as .hourly.parquet')
    .addOption(targetOption())
    .addOption(backendOption())
    .addHelpText(
      'after',
      '\nExample:\n  larder models forecast --model model --history sales.parquet --origins 2024-06-12T06:00 --out forecast.parquet',
    )
    .action(async (options: ForecastOptions) => (await actions()).forecast(options))

  models
    .command('backtest')
    .description('Score a model and the baselines on the same past windows.')
    .requiredOption('--history <file>', 'Parquet file, or a folder of them')
    .requiredOption('--from <day>', 'first day of the origins', parseDay)
    .requiredOption('--until <day>', 'last day of the origins, inclusive', parseDay)
    .option('--model <folder>', 'without it: the baselines alone')
    .option('--hours <hours>', 'hours of the day to forecast from', parseHours, [6, 10])
    .option('--seed <number>', 'of the bootstrap', parseWhole, 1)
    .option('--json <file>', 'write the whole report there')
    .addOption(targetOption())
    .addOption(backendOption())
    .addHelpText(
      'after',
      '\nExample:\n  larder models backtest --history sales.parquet --from 2024-06-05 --until 2024-06-11 --model model',
    )
    .action(async (options: BacktestOptions) => (await actions()).runBacktest(options))

  models
    .command('worth')
    .description('Say what each signal from outside is worth to a model, by switching it off.')
    .requiredOption('--model <folder>', 'what "larder models train" wrote')
    .requiredOption('--history <file>', 'Parquet file, or a folder of them')
    .requiredOption('--from <day>', 'first day of the origins', parseDay)
    .requiredOption('--until <day>', 'last day of the origins, inclusive', parseDay)
    .option('--hours <hours>', 'hours of the day to forecast from', parseHours, [6, 10])
    .option('--seed <number>', 'of the bootstrap', parseWhole, 1)
    .option('--json <file>', 'write the whole report there')
    .addOption(backendOption())
    .addHelpText(
      'after',
      '\nExample:\n  larder models worth --model model --history sales.parquet --from 2024-06-12 --until 2024-06-18',
    )
    .action(async (options: WorthOptions) => (await import('./models-worth.ts')).runWorth(options))

  registerModelRegistry(models)
}
