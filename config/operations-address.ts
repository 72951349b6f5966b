import { readFileSync } from 'node:fs'
import { errorMessage, LarderError } from '../domain/index.ts'
import type { Settings } from './settings.ts'

/** The address of the operations database with its password in it, for the driver and for no log; empty: SQLite. */
export function operationsAddress({
  url,
  passwordFile,
}: Pick<Settings['operations'], 'url' | 'passwordFile'>): string {
  if (url === '' || passwordFile === '') return url
  const address = URL.canParse(url) ? new URL(url) : null
  if (!address)
    throw new LarderError(
      'RT_SETTINGS_INVALID',
      'operations.url is no address: write postgres://user@host:5432/name.',
    )
  try {
    address.password = encodeURIComponent(readFileSync(passwordFile, 'utf8').trim())
  } catch (error) {
    throw new LarderError(
      'RT_FILE_UNREADABLE',
      `The file ${passwordFile} of operations.passwordFile cannot be read (${errorMessage(error)}).`,
    )
  }
  return address.href
}
