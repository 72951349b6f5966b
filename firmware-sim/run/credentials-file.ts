import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorMessage, LarderError } from '../../domain/index.ts'
import { writeFileDurably } from '../../runtime/index.ts'

/** `sim-credentials.json`, mode 600: secret by `site/device`. */
export function readPasswords(folder: string): Readonly<Record<string, string>> {
  const file = join(folder, 'sim-credentials.json')
  if (!existsSync(file)) return {}
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>
  } catch (error) {
    throw new LarderError(
      'RT_FILE_UNREADABLE',
      `${file} cannot be read (${errorMessage(error)}). Start afresh with --reset.`,
      { cause: error },
    )
  }
}

export function writePasswords(folder: string, passwords: Readonly<Record<string, string>>): void {
  writeFileDurably(join(folder, 'sim-credentials.json'), JSON.stringify(passwords), 0o600)
}
