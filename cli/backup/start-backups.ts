import { isAbsolute, join } from 'node:path'
import type { MessagePort } from 'node:worker_threads'
import { LarderError, type ErrorCode, type Progress } from '../../domain/index.ts'
import {
  compiledUrl,
  startWorker,
  wallClock,
  type Logger,
  type OwnedWorker,
} from '../../runtime/index.ts'
import { readBackupList, rememberBackup, type BackupRecord } from './backup-list.ts'
import type { Manifest } from './manifest.ts'

export interface BackupWorkerData {
  readonly data: string
  readonly folder: string
  /** One for each try of the log. */
  readonly logPorts: readonly MessagePort[]
  readonly elsewhere: readonly string[]
}

export type BackupNews =
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'done'; readonly manifest: Manifest }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly words: string }

export interface Backups {
  /** Begins one; where one runs already, RT_WRONG_STATE. */
  start(folder: string): Promise<BackupRecord>
  /** Newest first. */
  list(): readonly BackupRecord[]
  stop(): Promise<void>
}

const logTries = 3

/** Backups of a running Larder, one at a time, each in a thread of its own. */
export function createBackups(deps: {
  readonly data: string
  readonly connectLog: () => MessagePort
  readonly elsewhere: readonly string[]
  readonly logger: Logger
}): Backups {
  const { data, logger } = deps
  const file = join(data, 'backups.json')
  let running: BackupRecord | null = null
  let worker: OwnedWorker | null = null

  const end = (record: BackupRecord): void => {
    running = null
    void worker?.stop()
    worker = null
    rememberBackup(file, record, (error) =>
      logger.warn({ err: error }, 'the list of backups could not be kept'),
    )
    if (record.state === 'failed') logger.error(record.words)
    else logger.info({ folder: record.folder, bytes: record.bytes }, 'backed up')
  }

  return {
    start(folder) {
      if (!isAbsolute(folder))
        throw new LarderError(
          'RT_REQUEST_INVALID',
          'The folder of a backup is an absolute path on the machine where Larder runs.',
        )
      if (running)
        throw new LarderError(
          'RT_WRONG_STATE',
          `A backup to ${running.folder} runs. Wait until it is done.`,
        )
      const startedAt = wallClock.now()
      const begun: BackupRecord = {
        ...{ folder, startedAt, finishedAt: null, bytes: 0, state: 'running', words: '' },
        progress: null,
      }
      running = begun
      const finish = (rest: Pick<BackupRecord, 'state' | 'words' | 'bytes'>): void =>
        end({ ...begun, ...rest, finishedAt: wallClock.now() })
      const logPorts = Array.from({ length: logTries }, deps.connectLog)
      worker = startWorker(compiledUrl('./backup.worker.js', import.meta.url), {
        name: 'backup',
        data: { data, folder, logPorts, elsewhere: deps.elsewhere } satisfies BackupWorkerData,
        transfer: logPorts,
        // A backup that dies leaves everything else as it is.
        onDeath: (error) => finish({ state: 'failed', words: error.message, bytes: 0 }),
      })
      worker.worker.on('message', (news: BackupNews) => {
        if (news.kind === 'progress') running = { ...begun, progress: news.progress }
        else if (news.kind === 'failed') finish({ state: 'failed', words: news.words, bytes: 0 })
        else {
          const { files, problems } = news.manifest
          const bytes = files.reduce((sum, one) => sum + one.bytes, 0)
          finish({ state: 'done', words: problems.join(' '), bytes })
        }
      })
      return Promise.resolve(begun)
    },
    list: () => [...(running ? [running] : []), ...readBackupList(file)],
    async stop() {
      await worker?.stop()
    },
  }
}
