import { LarderError } from '../domain/index.ts'
import { readSecret } from './read-secret.ts'
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
  address.password = encodeURIComponent(readSecret(passwordFile, 'operations.passwordFile'))
  return address.href
}
