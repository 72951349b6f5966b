import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { LarderError } from '../domain/index.ts'
import { describeSystemError } from './service.ts'
import { finishSwap } from './swap-files.ts'
import { syncFolder, writeFileDurably } from './sync-files.ts'

export interface RunInfo {
  readonly pid: number
  readonly http: string
  /** Absent where the gateway is a process of its own. */
  readonly mqtt?: string
  /** Absent where it does not listen with TLS. */
  readonly mqtts?: string
  readonly startedAt: number
}

/** One process at a time owns a data folder: `lock` holds its process id. */
export interface DataFolder {
  readonly path: string
  file(name: string): string
  writeRunInfo(info: RunInfo): void
  release(): void
}

export function openDataFolder(path: string): DataFolder {
  try {
    makeFolder(path)
  } catch (error) {
    throw describeSystemError(error, { what: `The data folder ${path} cannot be made`, remedy: '' })
  }
  const lock = join(path, 'lock')
  takeLock(lock, path)
  finishSwap(path)
  const run = join(path, 'run.json')
  return {
    path,
    file: (name) => join(path, name),
    writeRunInfo: (info) => writeFileDurably(run, JSON.stringify(info)),
    release() {
      rmSync(run, { force: true })
      rmSync(lock, { force: true })
    },
  }
}

function takeLock(lock: string, path: string): void {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(lock, `${process.pid} ${beginningOf(process.pid)}`, { flag: 'wx' })
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
        throw describeSystemError(error, {
          what: `The data folder ${path} cannot be used`,
          remedy: '',
        })
    }
    const { owner, isGone } = readLock(lock)
    if (owner !== process.pid && !isGone) {
      throw new LarderError(
        'RT_DATA_LOCKED',
        existsSync(join(path, 'run.json'))
          ? `Another Larder (process ${owner}) uses the data folder ${path}. Stop it first, or give this one its own with --data.`
          : `Another Larder (process ${owner}) uses the data folder ${path}, and is still starting or a command. Try again in a few seconds, or give this one its own folder with --data.`,
      )
    }
    rmSync(lock, { recursive: true, force: true })
  }
  throw new LarderError(
    'RT_DATA_LOCKED',
    `The lock ${lock} could not be taken. Remove the file if no Larder runs on this folder.`,
  )
}

/** A lock that cannot be read is nobody's. */
function readLock(lock: string): { readonly owner: number; readonly isGone: boolean } {
  let text = ''
  try {
    text = readFileSync(lock, 'utf8')
  } catch {
    // A folder in its place, or gone this moment.
  }
  const [pid, ...beginning] = text.split(' ')
  const owner = Number(pid)
  const [said, now] = [beginning.join(' '), beginningOf(owner)]
  // After a power cut another process may have the number.
  const isAnother = said !== '' && now !== '' && said !== now
  return { owner, isGone: isAnother || !isAlive(owner) }
}

/** When a process began, in the system's own words; empty where it does not tell. */
function beginningOf(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The 22nd field, proc(5); the second, its name, may hold spaces and brackets.
    const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
    return `${boot}/${startTime}`
  } catch {
    return ''
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Who runs on a folder now; null where nobody does. */
export function readRunInfo(path: string): RunInfo | null {
  try {
    const info = JSON.parse(readFileSync(join(path, 'run.json'), 'utf8')) as RunInfo
    return isAlive(info.pid) ? info : null
  } catch {
    return null
  }
}

/** A folder's name is in the folder above it: without a sync there a power cut takes the folder and all that is in it. */
function makeFolder(path: string): void {
  const firstMade = mkdirSync(path, { recursive: true })
  const top = dirname(resolve(firstMade ?? path))
  for (let above = dirname(resolve(path)); ; above = dirname(above)) {
    syncFolder(above)
    if (above === top || above === dirname(above)) return
  }
}
