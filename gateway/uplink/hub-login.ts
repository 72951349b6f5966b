import { readFile } from 'node:fs/promises'
import type { Settings } from '../../config/index.ts'
import { errorMessage, LarderError, type DevicePath } from '../../domain/index.ts'
import type { HubLogin } from './hub-connection.ts'

/** What the settings say, with the files read anew: a password or certificate that was changed counts at the next connection. */
export async function readHubLogin(
  settings: Settings['uplink'],
  { site, device }: DevicePath,
): Promise<HubLogin> {
  const [password, ca, cert, key] = await Promise.all(
    [settings.passwordFile, settings.ca, settings.cert, settings.key].map(read),
  )
  return {
    url: settings.url,
    clientId: `${site}.${device}`,
    username: `${site}/${device}`,
    password: password?.toString('utf8').trim() ?? null,
    ca: ca ?? null,
    cert: cert ?? null,
    key: key ?? null,
    will: { topic: `v1/${site}/${device}/state`, payload: JSON.stringify({ state: 'offline' }) },
  }
}

async function read(file: string): Promise<Buffer | null> {
  if (file === '') return null
  try {
    return await readFile(file)
  } catch (error) {
    throw new LarderError(
      'RT_FILE_UNREADABLE',
      `${file} cannot be read (${errorMessage(error)}). Name the file in the uplink settings, or give this process the right to read it.`,
    )
  }
}
