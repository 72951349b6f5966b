import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  readFileSync,
  readdirSync,
  rmSync,
} from 'node:fs'
import { join } from 'node:path'
import { isKey } from '../../api/index.ts'
import { LarderError } from '../../domain/index.ts'
import { setAside } from '../../runtime/index.ts'
import { checkSqliteFile } from '../../store/index.ts'
import { meaningOf } from './meanings.ts'

/** Only says who runs: made again at each start. */
const passing = ['run.json']
const databases = ['operations.db', 'series.db'] as const
const texts = ['clock.json', 'backups.json', 'city.json', 'city-start.json', 'sim-credentials.json', 'owner.key', 'sim.key', 'uplink.json'] as const // prettier-ignore
const cityFiles = /^city(-start)?\.json$|^city-notes-\d+\.ndjson$|^sim-credentials\.json$/

/**
 * Looks at each file of a data folder before anything opens it, so that a start needs no hand: what cannot be used is moved
 * aside under a dated name, and said with what that means. The message log looks after itself. Gives the sentences.
 */
export function mendFolder(
  path: string,
  options: {
    readonly wallAt: number
    /** Of these, what is kept in this folder and not on a server. */
    readonly stores: readonly (typeof databases)[number][]
  },
): readonly string[] {
  const { wallAt, stores } = options
  const said: string[] = []
  const put = (name: string, why: string): void => {
    const target = setAside(join(path, name), wallAt)
    said.push(
      `${join(path, name)} cannot be used (${why}). It was moved to ${target}. ${meaningOf(name)}`,
    )
  }
  const isThere = (name: string): boolean => existsSync(join(path, name))

  for (const name of passing)
    if (isThere(name) && !lstatSync(join(path, name)).isFile())
      rmSync(join(path, name), { recursive: true, force: true })

  const notes = readdirSync(path).filter((name) => cityFiles.test(name))
  const journals = [...databases, 'log.db'].flatMap((one) => [one, `${one}-wal`, `${one}-shm`])
  for (const name of new Set([...journals, 'log.db.mark', ...texts, ...notes])) {
    if (!isThere(name)) continue
    if (lstatSync(join(path, name)).isDirectory()) put(name, 'a folder is in its place')
    else said.push(...allowUse(join(path, name)))
  }
  if (isThere('models') && !lstatSync(join(path, 'models')).isDirectory())
    put('models', 'a file is in its place')

  for (const name of stores) {
    const damage = checkSqliteFile(join(path, name), { isThorough: name === 'operations.db' })
    if (damage !== null) put(name, damage)
    else if (!isThere(name) && existedBefore(path, name))
      said.push(`${join(path, name)} is missing. ${meaningOf(name)}`)
  }
  for (const name of texts) {
    const problem = isThere(name) ? problemOf(name, join(path, name)) : null
    if (problem !== null) put(name, problem)
  }
  mendCity(path, stores.includes('operations.db'), put)
  return said
}

/** A folder that was used has the mark of its log: only `--reset` takes that away with the rest. */
function existedBefore(path: string, name: string): boolean {
  const wasMovedNow = readdirSync(path).some((one) => one.startsWith(`${name}.damaged-`))
  return !wasMovedNow && existsSync(join(path, 'log.db.mark'))
}

/** Rights that its owner took from a file by mistake are given back; what belongs to somebody else is not ours to change. */
function allowUse(file: string): readonly string[] {
  const { mode } = lstatSync(file)
  const wanted = 0o600
  if ((mode & wanted) !== wanted) {
    try {
      chmodSync(file, (mode | wanted) & 0o7777)
      return [`${file} could not be read or written by its owner: that was put right.`]
    } catch {
      // Said below.
    }
  }
  try {
    accessSync(file, constants.R_OK | constants.W_OK)
    return []
  } catch (cause) {
    throw new LarderError(
      'RT_FILE_UNREADABLE',
      `${file} belongs to another user and cannot be used. Give it to the user that Larder runs as (chown), then start again. It is whole as far as can be seen: do not remove it.`,
      { cause },
    )
  }
}

function problemOf(name: (typeof texts)[number], file: string): string | null {
  const text = readFileSync(file, 'utf8')
  if (name.endsWith('.key')) return isKey(text.trim()) ? null : 'it holds no key'
  // The gateway says itself what a damaged one means.
  if (name === 'uplink.json') return null
  const value = parsed(text)
  if (value === undefined) return text === '' ? 'it is empty' : 'it cannot be read'
  const isRight =
    name === 'backups.json' ? Array.isArray(value) : isObject(value) && hasFields(name, value)
  return isRight ? null : 'something else is in it'
}

function hasFields(name: string, value: Readonly<Record<string, unknown>>): boolean {
  if (name === 'clock.json') return Number.isFinite(value.claimedAt) && Number.isFinite(value.speed)
  if (name === 'city.json') return Number.isInteger(value.notes) && isObject(value.snapshot)
  if (name === 'city-start.json') return Number.isFinite(value.startAt)
  return Object.values(value).every((secret) => typeof secret === 'string')
}

/** The files of the simulated city belong together, and to the logins in the operations store: one lost, it begins anew. */
function mendCity(
  path: string,
  hasOperations: boolean,
  put: (name: string, why: string) => void,
): void {
  const names = readdirSync(path)
  const files = names.filter((name) => cityFiles.test(name))
  if (files.length === 0) return
  const wasLost = (name: string): boolean =>
    names.some((one) => one.startsWith(`${name}.damaged-`)) && !names.includes(name)
  const hasRun = names.includes('city.json') || names.includes('sim-credentials.json')
  const badNotes = files.find((name) => name.endsWith('.ndjson') && !areNotes(join(path, name)))
  const why =
    badNotes !== undefined
      ? `${badNotes} cannot be read`
      : names.includes('city.json') && !names.includes('city-start.json')
        ? 'what it began with is gone'
        : names.includes('city.json') && !names.includes('sim-credentials.json')
          ? 'the logins of its devices are gone'
          : hasOperations && hasRun && !names.includes('operations.db')
            ? 'its devices are not known any more'
            : wasLost('city.json') || wasLost('city-start.json') || wasLost('sim-credentials.json')
              ? 'what belongs to it is gone'
              : null
  if (why === null) return
  for (const name of files.filter((one) => existsSync(join(path, one)))) put(name, why)
}

/** The last line may be cut short by a kill. */
function areNotes(file: string): boolean {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return lines.every((line) => isObject(parsed(line)))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
