import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'

/**
 * How far the mean of a model sinks when hours that were in stock are declared out of stock: `full` hides whole windows at
 * random, `cap` lets the best days run dry (both by the independent scorer, which also prints the shift of WPE).
 *
 *     npm run bench:recovery -- --scorer DIR --model DIR --history train.parquet --origins 2024-06-12T06:00
 */
interface Options {
  scorer: string
  model: string
  history: string
  origins: string
  modes: string
  mask: string
  unseen: string
  python: string
  larder: string
  cities?: string
  keep?: string
}

const options = new Command()
  .requiredOption('--scorer <folder>', 'where make_context.py and censoring.py are')
  .requiredOption('--model <folder>')
  .requiredOption('--history <file>', 'one Parquet file with all days')
  .option('--origins <times>', 'joined by commas', '2024-06-12T06:00')
  .option('--modes <names>', 'of full, tail, cap', 'full,cap')
  .option('--mask <share>', 'of the windows in stock that are hidden', '0.5')
  .option('--unseen <cities>', 'cities that the model has not learnt from', '5,7,11')
  .option('--cities <cities>', 'forecast only these')
  .option('--python <path>', 'with numpy and pyarrow', 'python3')
  .option(
    '--larder <file>',
    'the compiled command line',
    fileURLToPath(new URL('../dist/larder.js', import.meta.url)),
  )
  .option('--keep <folder>', 'leave the files there')
  .parse()
  .opts<Options>()

const folder =
  options.keep === undefined
    ? mkdtempSync(join(tmpdir(), 'larder-recovery-'))
    : resolve(options.keep)
const origins = options.origins.split(',')

const run = (command: string, args: readonly string[], words: boolean): void => {
  execFileSync(command, args, { stdio: ['ignore', words ? 'inherit' : 'ignore', 'inherit'] })
}

/** Forecasts of one origin each, from a file cut at that origin, and masked where a mode is given. */
function forecast(origin: string, mode: string | null): string {
  const name = `${mode ?? 'plain'}-${origin.replace(':', '')}`
  const context = join(folder, `${name}.context.parquet`)
  const out = join(folder, `${name}.parquet`)
  run(
    options.python,
    [
      join(options.scorer, 'make_context.py'),
      ...['--truth', options.history, '--origin', origin, '--out', context],
      ...(options.cities === undefined ? [] : ['--cities', options.cities]),
      ...(mode === null ? [] : ['--mask', options.mask, '--mode', mode]),
    ],
    true,
  )
  run(
    process.execPath,
    [
      ...[options.larder, 'models', 'forecast', '--model', options.model],
      ...['--history', context, '--origins', origin, '--out', out],
    ],
    false,
  )
  rmSync(context)
  return out
}

try {
  for (const origin of origins) {
    const plain = forecast(origin, null)
    for (const mode of options.modes.split(',')) {
      const masked = forecast(origin, mode)
      process.stdout.write(`\n${mode}, ${origin}\n`)
      run(
        options.python,
        [
          join(options.scorer, 'censoring.py'),
          ...[
            '--truth',
            options.history,
            '--unseen',
            options.unseen,
            '--pair',
            `${plain},${masked}`,
          ],
        ],
        true,
      )
    }
  }
} finally {
  if (options.keep === undefined) rmSync(folder, { recursive: true, force: true })
}
