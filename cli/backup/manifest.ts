import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { errorMessage, LarderError } from '../../domain/index.ts'
import { logSchemaVersion } from '../../message-log/index.ts'
import { storeSchemaVersions } from '../../store/index.ts'

export const manifestName = 'manifest.json'
export const formatVersion = 1

export const schemaVersions = { log: logSchemaVersion, ...storeSchemaVersions }

export interface BackedUpFile {
  /** Its path in the data folder, with `/`. */
  readonly name: string
  readonly bytes: number
  readonly sha256: string
}

/** What lies beside the files of a backup, written last: a folder without one is no backup. */
export interface Manifest {
  readonly format: number
  readonly larder: string
  readonly schemas: Readonly<Record<keyof typeof schemaVersions, number>>
  /** Of the wall. Every message acknowledged before it began is in it. */
  readonly startedAt: string
  readonly finishedAt: string
  /** How far the log goes, and from where on each sink takes up again. Null where there is no such store in it. */
  readonly positions: {
    readonly log: { readonly start: number; readonly end: number } | null
    readonly series: number | null
    readonly operations: number | null
  }
  readonly files: readonly BackedUpFile[]
  /** What is not as it should be, in sentences. */
  readonly problems: readonly string[]
  /** What of this Larder is kept elsewhere, and how that is backed up. */
  readonly elsewhere: readonly string[]
}

export async function describeFile(folder: string, name: string): Promise<BackedUpFile> {
  const hash = createHash('sha256')
  let bytes = 0
  await pipeline(createReadStream(join(folder, name)), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      bytes += chunk.length
      hash.update(chunk)
    }
  })
  return { name, bytes, sha256: hash.digest('hex') }
}

/** Throws with a sentence where the folder holds no backup, or one of a newer Larder. */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = join(folder, manifestName)
  let manifest: Manifest
  try {
    manifest = JSON.parse(await readFile(file, 'utf8')) as Manifest
    if (!manifest.files.every(isFile)) throw new Error('it names no files')
  } catch (cause) {
    throw new LarderError(
      'RT_FILE_UNREADABLE',
      `${folder} holds no finished backup: ${file} cannot be read (${errorMessage(cause)}). Name the folder that "larder backup" wrote.`,
      { cause },
    )
  }
  const newer = Object.entries(schemaVersions).filter(
    ([store, known]) => manifest.schemas[store as keyof typeof schemaVersions] > known,
  )
  if (manifest.format > formatVersion || newer.length > 0)
    throw new LarderError(
      'RT_FILE_UNREADABLE',
      `The backup ${folder} was written by a newer Larder (${manifest.larder}). Restore it with that version.`,
    )
  return manifest
}

/** Names lead nowhere but into the folder. */
function isFile(file: BackedUpFile): boolean {
  const parts = file.name.split('/')
  return (
    parts.every((part) => /^[\w.-]+$/.test(part) && part !== '..' && part !== '.') &&
    Number.isSafeInteger(file.bytes) &&
    /^[0-9a-f]{64}$/.test(file.sha256)
  )
}
