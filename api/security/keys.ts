import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { LarderError } from '../../domain/index.ts'
import { writeFileDurably } from '../../runtime/index.ts'

/** `owner` may do everything; `sim` what the simulated city needs. */
export interface Keys {
  readonly owner: string
  readonly sim: string | null
  /** True where this start wrote owner.key: the one time it may be shown. */
  readonly isNew: boolean
}

/** Reads `owner.key` (and `sim.key`) of a data folder, or makes them: 256 bits, mode 600. A file that is named must be there. */
export function loadKeys(
  folder: string,
  options: {
    readonly wantSim: boolean
    readonly ownerKeyFile?: string
    readonly simKeyFile?: string
  },
): Keys {
  const take = (named: string | undefined, own: string) =>
    named ? { key: readKey(named), isNew: false } : readOrMake(join(folder, own))
  const owner = take(options.ownerKeyFile, 'owner.key')
  return {
    owner: owner.key,
    sim: options.wantSim ? take(options.simKeyFile, 'sim.key').key : null,
    isNew: owner.isNew,
  }
}

function readOrMake(file: string): { readonly key: string; readonly isNew: boolean } {
  if (existsSync(file)) return { key: readKey(file), isNew: false }
  const key = randomBytes(32).toString('base64url')
  writeFileDurably(file, `${key}\n`, 0o600)
  return { key, isNew: true }
}

export const isKey = (text: string): boolean => /^[A-Za-z0-9_-]{32,256}$/.test(text)

/** A key out of its file; an error says what to do where it is none. */
export function readKey(file: string): string {
  let key: string
  try {
    key = readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw new LarderError(
      'RT_FILE_UNREADABLE',
      `The key file ${file} cannot be read. Run the command as the user that Larder runs as, or remove the file and start Larder again to get a new key.`,
      { cause },
    )
  }
  if (isKey(key)) return key
  throw new LarderError(
    'RT_FILE_UNREADABLE',
    `The key file ${file} does not hold a key. Remove it and start Larder again to get a new one.`,
  )
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Compares digests in constant time, so that neither length nor content of the key shows in the time taken. */
export function createKeyCheck(key: string): (given: string) => boolean {
  const expected = digest(key)
  return (given) => timingSafeEqual(digest(given), expected)
}
