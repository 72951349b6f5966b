import type { Command } from 'commander'
import { LarderError } from '../domain/index.ts'

/** `larder settings describe | check` */
export function registerSettings(program: Command): void {
  const settings = program
    .command('settings')
    .description('What can be set, and whether what is set is right.')

  settings
    .command('describe')
    .description('Print every setting: key, environment variable, default and meaning.')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  larder settings describe')
    .action(async (options: { json?: true }) => {
      const { settingKeys } = await import('../config/index.ts')
      const rows = settingKeys().map(({ path, env, schema }) => ({
        key: path,
        env,
        default: schema.default,
        meaning: schema.description ?? '',
      }))
      process.stdout.write(
        options.json
          ? `${JSON.stringify(rows)}\n`
          : rows
              .map(
                (row) =>
                  `${row.key}  (${row.env}, default ${JSON.stringify(row.default)})\n    ${row.meaning}\n`,
              )
              .join(''),
      )
    })

  settings
    .command('check')
    .description('Read flags, environment and file as "larder up" would, and say what is wrong.')
    .option('--config <file>', 'settings file (default: larder.yaml where there is one)')
    .addHelpText('after', '\nExample:\n  larder settings check --config larder.yaml')
    .action(async (options: { config?: string }) => {
      const { loadSettings, unknownVariables } = await import('../config/index.ts')
      loadSettings({ flags: {}, env: process.env, file: options.config ?? null })
      const unknown = unknownVariables(process.env)
      if (unknown.length > 0)
        throw new LarderError(
          'RT_SETTINGS_INVALID',
          `No setting is called ${unknown.join(', ')}, and "larder up" would pass it over. See "larder settings describe".`,
        )
      process.stdout.write('The settings are right.\n')
    })
}
