import type { Command } from 'commander'
import type { UpOptions } from './up/run.ts'

/** `larder up`: the whole of Larder in one process. */
export function registerUp(program: Command): void {
  program
    .command('up')
    .description(
      'Start the whole of Larder in one process: gateway, log, stores, models, planner, API and board.',
    )
    .option('--data <dir>', 'folder of the embedded stores (default ./data)')
    .option('--http <port>', 'port of the API and the board (default 8080; 0: a free one)')
    .option('--mqtt <port>', 'port of the MQTT gateway (default 1883; 0: a free one)')
    .option('--speed <times>', 'city seconds per second (default 60; never past the wall clock)')
    .option('--seed <n>', 'seed of the simulated city and of training (default 1)')
    .option('--sim <city|none>', 'a simulated city, or only devices of your own (default city)')
    .option('--replay <dir>', 'real recordings in place of the simulated city')
    .option('--config <file>', 'settings file (default: larder.yaml where there is one)')
    .option('--reset', 'empty the data folder first')
    .addHelpText(
      'after',
      `
Examples:
  larder up                              a simulated city on a fast clock, in ./data
  larder up --sim none --speed 1         for devices of your own
  larder up --replay ../recordings       real recordings through the same road
  larder up --http 9090 --mqtt 2883      other ports

All other settings: larder settings describe`,
    )
    .action(async (options: UpOptions) => (await import('./up/run.ts')).run(options))
}
