import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { loadSettings } from '../../config/index.ts'
import type { Progress } from '../../domain/index.ts'
import { startMessageLogWorker } from '../../message-log/index.ts'
import { openDataFolder, silentLogger, wallClock } from '../../runtime/index.ts'
import { rememberBackup } from './backup-list.ts'
import { keptElsewhere } from './kept-elsewhere.ts'
import type { Manifest } from './manifest.ts'
import { writeBackup } from './write-backup.ts'

const edgeLog =
  'This is an edge gateway: messages that it has not forwarded yet are not in the backup. Sent again from an old log, they would take the places of newer ones at the hub.'

/** Backs up the folder of a Larder that does not run, under its lock. */
export async function backUpFolder(options: {
  readonly data: string
  readonly folder: string
  readonly onProgress: (progress: Progress) => void
}): Promise<Manifest> {
  const { folder, onProgress } = options
  const owned = openDataFolder(options.data)
  const startedAt = wallClock.now()
  try {
    const settings = loadSettings({ flags: {}, env: process.env, file: null })
    const isEdge = existsSync(owned.file('uplink.json'))
    const hasLog = !isEdge && existsSync(owned.file('log.db'))
    const log = hasLog
      ? await startMessageLogWorker({
          ...{ file: owned.file('log.db'), settings: null, clock: wallClock },
          ...{ logger: silentLogger, onDeath: () => undefined },
        })
      : null
    const manifest = await writeBackup({
      ...{
        data: resolve(options.data),
        folder,
        onProgress,
        logPort: log ? () => log.connect() : null,
      },
      elsewhere: [...keptElsewhere(settings), ...(isEdge ? [edgeLog] : [])],
    }).finally(() => log?.stop())
    const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0)
    rememberBackup(
      owned.file('backups.json'),
      {
        ...{ folder, startedAt, finishedAt: wallClock.now(), bytes, state: 'done' },
        ...{ words: manifest.problems.join(' '), progress: null },
      },
      () => undefined,
    )
    return manifest
  } finally {
    owned.release()
  }
}
