import type { Command } from 'commander'
import type { SimulateOptions } from './stages/simulate.ts'
import type { StageOptions } from './stages/stage-settings.ts'

const settingsHelp = `
It needs the servers of the distributed form: messageLog.brokers, series.url, operations.url.
All settings: larder settings describe; the whole: docs/distributed.md`

/** One stage a process: `larder ingest | planner | api`, and the simulated city as one; `larder models serve` is the other. */
export function registerStages(program: Command): void {
  stage(program, 'ingest', 'Start one reader of the log: it shares the partitions with the others.')
    .addHelpText('after', `\nExample:\n  larder ingest --http 8082\n${settingsHelp}`)
    .action(async (options: StageOptions) =>
      (await import('./stages/ingest.ts')).runIngest(options),
    )

  stage(program, 'planner', 'Start the planner: one decides at a time, others wait for their turn.')
    .addHelpText('after', `\nExample:\n  larder planner --http 8084\n${settingsHelp}`)
    .action(async (options: StageOptions) =>
      (await import('./stages/planner.ts')).runPlanner(options),
    )

  stage(program, 'api', 'Start the HTTP API and the board.')
    .option('--data <dir>', 'folder of its keys (default ./data)')
    .addHelpText('after', `\nExample:\n  larder api --http 8080 --data ./data\n${settingsHelp}`)
    .action(async (options: StageOptions) => (await import('./stages/api.ts')).runApi(options))

  stage(program, 'simulate', 'Start the simulated city and its devices beside a Larder that runs.')
    .requiredOption('--url <url>', 'address of the API')
    .requiredOption('--gateway <url>', 'address of the gateway: mqtt://host:1883')
    .option('--key-file <file>', 'key of the simulator (default: sim.key in its data folder)')
    .option('--data <dir>', 'folder of what the city remembers (default ./data)')
    .option('--seed <n>', 'seed of the city (default 1)')
    .option('--size <full|small>', '8 stores, or 2 (default full)')
    .option('--history-days <days>', 'days of sales imported before the first message (default 28)')
    .option('--replay <dir>', 'real recordings in place of the simulated city')
    .addHelpText(
      'after',
      '\nExample:\n  larder simulate --url http://127.0.0.1:8080 --gateway mqtt://127.0.0.1:1883 --data ./city --key-file ./data/sim.key',
    )
    .action(async (options: SimulateOptions) =>
      (await import('./stages/simulate.ts')).runSimulate(options),
    )
}

/** What every stage takes. */
export function stage(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .option('--http <port>', 'port of /health, /ready and /metrics (default 8080; 0: a free one)')
    .option('--config <file>', 'settings file (default: larder.yaml where there is one)')
}
