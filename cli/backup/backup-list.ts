import { readFileSync } from 'node:fs'
import type { Progress } from '../../domain/index.ts'
import { writeFileDurably } from '../../runtime/index.ts'

/** A backup of this data folder; times are of the wall. */
export interface BackupRecord {
  readonly folder: string
  readonly startedAt: number
  readonly finishedAt: number | null
  readonly state: 'running' | 'done' | 'failed'
  readonly bytes: number
  /** Why it failed, or what was not as it should be. */
  readonly words: string
  readonly progress: Progress | null
}

const mostRecords = 20

/** Newest first; none where the list is missing or damaged. */
export function readBackupList(file: string): readonly BackupRecord[] {
  try {
    const list: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return Array.isArray(list) ? list.filter(isRecord) : []
  } catch {
    return []
  }
}

export function rememberBackup(
  file: string,
  record: BackupRecord,
  onError: (error: unknown) => void,
): void {
  try {
    const list = [{ ...record, progress: null }, ...readBackupList(file)]
    writeFileDurably(file, JSON.stringify(list.slice(0, mostRecords)), 0o600)
  } catch (error) {
    onError(error)
  }
}

function isRecord(value: unknown): value is BackupRecord {
  const record = value as Partial<BackupRecord> | null
  return typeof record?.folder === 'string' && typeof record.startedAt === 'number'
}
