import { readFileSync } from 'node:fs'
import { errorMessage, LarderError } from '../domain/index.ts'

/** The secret in a file that a setting names, without the end of its line. */
export function readSecret(file: string, setting: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new LarderError(
      'RT_FILE_UNREADABLE',
      `The file ${file} of ${setting} cannot be read (${errorMessage(error)}).`,
    )
  }
}
