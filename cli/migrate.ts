import type { Command } from 'commander'
import type { StageOptions } from './stages/stage-settings.ts'

/** `larder migrate`: from one process and its files to the servers of the distributed form. */
export function registerMigrate(program: Command): void {
  program
    .command('migrate')
    .description(
      'Move a Larder that stands still, with all its data, to the servers that the settings name.',
    )
    .option('--data <dir>', 'data folder of what moves (default ./data)')
    .option('--config <file>', 'settings file (default: larder.yaml where there is one)')
    .addHelpText(
      'after',
      `
Example:
  larder migrate --data ./data --config larder.yaml

series.url and operations.url say where to; both must be empty. Interrupted, it goes on where it was. The old folder stays as it was.`,
    )
    .action(async (options: StageOptions) => (await import('./migrate/run.ts')).run(options))
}
