import { parentPort, workerData } from 'node:worker_threads'
import { errorMessage, LarderError } from '../../domain/index.ts'
import type { BackupNews, BackupWorkerData } from './start-backups.ts'
import { writeBackup } from './write-backup.ts'

const owner = parentPort!
const tell = (news: BackupNews): void => owner.postMessage(news)
const { logPorts, ...job } = workerData as BackupWorkerData
const ports = [...logPorts]

writeBackup({
  ...job,
  logPort: logPorts.length === 0 ? null : () => ports.shift()!,
  onProgress: (progress) => tell({ kind: 'progress', progress }),
}).then(
  (manifest) => tell({ kind: 'done', manifest }),
  (error: unknown) =>
    tell({
      kind: 'failed',
      code: error instanceof LarderError ? error.code : 'RT_INTERNAL',
      words: errorMessage(error),
    }),
)
