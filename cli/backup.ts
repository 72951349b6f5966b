import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { LarderError, type Progress } from '../domain/index.ts'
import { withConnection, print, withPlace, type PlaceOptions } from './with-connection.ts'

interface BackupView {
  readonly folder: string
  readonly state: 'running' | 'done' | 'failed'
  readonly bytes: number
  readonly words: string
  readonly progress: Progress | null
}

type Options = PlaceOptions & { readonly json?: true }

const askEveryMs = 200
const mebibyte = 1024 * 1024

/** `larder backup FOLDER` and `larder restore FOLDER`. */
export function registerBackup(program: Command): void {
  withPlace(program.command('backup <folder>'))
    .description('Copy everything Larder keeps into a new folder, running or stopped.')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
The folder is made, on the machine where Larder runs, and holds the stores, the message log, models, keys and a manifest.
It opens your Larder to whoever has it: keep it as safe as the data folder. Certificates and larder.yaml are not in it.

Examples:
  larder backup /mnt/backup/2026-11-22
  larder backup /mnt/backup/$(date +%F) --data /var/lib/larder`,
    )
    .action(async (folder: string, options: Options) => {
      const { readRunInfo } = await import('../runtime/index.ts')
      const isRunning = options.url !== undefined || readRunInfo(options.data) !== null
      const done = isRunning
        ? await backUpRunning(resolve(folder), options)
        : await backUpStopped(resolve(folder), options)
      if (options.json) await print(JSON.stringify(done))
      else {
        await print(`${(done.bytes / mebibyte).toFixed(1)} MB backed up to ${done.folder}.`)
        for (const sentence of done.elsewhere) await print(sentence)
      }
      if (done.words === '') return
      process.stderr.write(`${done.words}\n`)
      process.exitCode = 1
    })

  program
    .command('restore <folder>')
    .description('Put a backup into a data folder that no Larder uses.')
    .option('--data <dir>', 'data folder', './data')
    .option('--replace', 'move what is in the data folder aside')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Everything is checked before anything is changed. What devices have sent since the backup, and what was decided since, is not in it.

Examples:
  larder restore /mnt/backup/2026-11-22 --data ./restored
  larder restore /mnt/backup/2026-11-22 --data /var/lib/larder --replace`,
    )
    .action(async (folder: string, options: Omit<Options, 'url'> & { readonly replace?: true }) => {
      const { restoreBackup } = await import('./backup/restore-backup.ts')
      const line = await progressLine()
      const { manifest, replaced } = await restoreBackup({
        ...{ folder: resolve(folder), data: options.data, mayReplace: options.replace === true },
        onProgress: (progress) => line.show(progress),
      }).finally(() => line.end())
      if (options.json) {
        await print(JSON.stringify({ startedAt: manifest.startedAt, replaced }))
        return
      }
      await print(`Restored to ${options.data}, as it was at ${manifest.startedAt}.`)
      if (replaced !== null)
        await print(`What was there is in ${replaced}. Remove it once you are content.`)
      for (const sentence of [...manifest.problems, ...manifest.elsewhere]) await print(sentence)
    })
}

interface Done {
  readonly folder: string
  readonly bytes: number
  readonly words: string
  readonly elsewhere: readonly string[]
}

async function backUpRunning(folder: string, options: Options): Promise<Done> {
  const line = await progressLine()
  return withConnection(options, async ({ request }) => {
    await request('POST', '/v1/backups', { folder })
    for (;;) {
      await sleep(askEveryMs)
      const { items } = await request<{ items: BackupView[] }>('GET', '/v1/backups')
      const own = items.find((one) => one.folder === folder)
      if (own?.progress) line.show(own.progress)
      if (own?.state === 'running') continue
      line.end()
      if (own?.state !== 'done')
        throw new LarderError('RT_INTERNAL', own?.words ?? 'The backup is not known any more.')
      return { folder, bytes: own.bytes, words: own.words, elsewhere: await elsewhereOf(folder) }
    }
  })
}

/** The manifest says it, where this is the machine that the folder is on. */
async function elsewhereOf(folder: string): Promise<readonly string[]> {
  const { readManifest } = await import('./backup/manifest.ts')
  return readManifest(folder).then(
    ({ elsewhere }) => elsewhere,
    () => [],
  )
}

async function backUpStopped(folder: string, options: Options): Promise<Done> {
  if (!existsSync(options.data))
    throw new LarderError(
      'RT_FILE_UNREADABLE',
      `There is no data folder ${options.data}. Name another with --data, or a running Larder with --url.`,
    )
  const { backUpFolder } = await import('./backup/stopped-backup.ts')
  const line = await progressLine()
  const manifest = await backUpFolder({
    ...{ data: options.data, folder, onProgress: (progress) => line.show(progress) },
  }).finally(() => line.end())
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0)
  return { folder, bytes, words: manifest.problems.join(' '), elsewhere: manifest.elsewhere }
}

async function progressLine(): Promise<{ show(progress: Progress): void; end(): void }> {
  const { createProgressLine } = await import('./progress-line.ts')
  const { wallClock } = await import('../runtime/index.ts')
  return createProgressLine(process.stderr, () => wallClock.now())
}
