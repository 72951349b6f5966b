import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { errorMessage } from '../domain/index.ts'
import { describeSystemError } from './service.ts'

/** Makes durable which files a folder has: names made, moved and removed in it. */
export function syncFolder(path: string): void {
  let descriptor: number
  try {
    descriptor = openSync(path, 'r')
  } catch (error) {
    // Windows opens no folders, and a folder that may be entered need not be readable.
    if (['EISDIR', 'EPERM', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return
    throw error
  }
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Replaces a file so that a reader, or a start after a power cut, sees the old or the new one whole. */
export function writeFileDurably(file: string, text: string, mode = 0o644): void {
  const temporary = `${file}.new`
  try {
    const handle = openSync(temporary, 'w', mode)
    writeFileSync(handle, text)
    fsyncSync(handle)
    closeSync(handle)
    renameSync(temporary, file)
    syncFolder(dirname(file))
  } catch (error) {
    throw describeSystemError(error, {
      what: `${file} cannot be written`,
      remedy: errorMessage(error),
    })
  }
}
