import { readFileSync, writeFileSync } from 'node:fs'
import { parse } from 'secure-json-parse'
import { errorMessage, LarderError } from '../domain/index.ts'
import { print, withConnection, type PlaceOptions } from './with-connection.ts'

interface DeviceFile {
  readonly registrations: readonly unknown[]
}

const ownerOnly = 0o600
/** Registrations of one request: it stays far below the longest body. */
const atOnce = 1000

export async function exportDevices(
  options: PlaceOptions & { readonly site: string; readonly out?: string },
): Promise<void> {
  const query = new URLSearchParams({ site: options.site })
  const found = await withConnection(options, ({ request }) =>
    request<DeviceFile>('GET', `/v1/registrations?${query.toString()}`),
  )
  const text = JSON.stringify(found)
  if (options.out === undefined) {
    await print(text)
    return
  }
  writeFileSync(options.out, `${text}\n`, { mode: ownerOnly })
  await print(`${found.registrations.length} devices of ${options.site} are in ${options.out}.`)
}

export async function importDevices(
  file: string,
  options: PlaceOptions & { readonly json?: true },
): Promise<void> {
  const { registrations } = readDeviceFile(file)
  await withConnection({ ...options, mayCreate: true }, async ({ request }) => {
    for (let from = 0; from < registrations.length; from += atOnce)
      await request('POST', '/v1/registrations', {
        registrations: registrations.slice(from, from + atOnce),
      })
  })
  await print(
    options.json
      ? JSON.stringify({ registered: registrations.length })
      : `${registrations.length} devices are registered; their passwords are what they were.`,
  )
}

function readDeviceFile(file: string): DeviceFile {
  let value: unknown
  try {
    value = parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new LarderError(
      'RT_FILE_UNREADABLE',
      `${file} cannot be read (${errorMessage(error)}). Give a file of "larder devices export".`,
    )
  }
  const { registrations } = (value ?? {}) as Partial<DeviceFile>
  if (Array.isArray(registrations)) return { registrations }
  throw new LarderError(
    'RT_FILE_UNREADABLE',
    `${file} holds no registrations. Give a file of "larder devices export".`,
  )
}
