import { copyFile, mkdir, open, rename, rm, statfs, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { MessagePort } from 'node:worker_threads'
import { LarderError, type Progress } from '../../domain/index.ts'
import { copyMessageLog, type LogCopy } from '../../message-log/index.ts'
import { describeSystemError, syncFolder, version, wallClock } from '../../runtime/index.ts'
import {
  copySqliteFile,
  createSqliteOperationsStore,
  createSqliteSeriesStore,
  findDamage,
} from '../../store/index.ts'
import { filesBelow, namesIn, sizeOf, smallFiles } from './data-files.ts'
import {
  describeFile,
  formatVersion,
  manifestName,
  schemaVersions,
  type Manifest,
} from './manifest.ts'
import { createSteps, type Steps } from './steps.ts'

export interface BackupJob {
  /** The data folder. */
  readonly data: string
  /** Made by the backup; its parent is there. */
  readonly folder: string
  /** Gives a port of the log's worker each time it is asked; null: the log is not in the backup. */
  readonly logPort: (() => MessagePort | Promise<MessagePort>) | null
  readonly elsewhere: readonly string[]
  readonly onProgress: (progress: Progress) => void
}

const stores = ['series.db', 'operations.db'] as const
const mostTries = 3
const mebibyte = 1024 * 1024

/**
 * Copies what a data folder holds while everything runs. The order makes it loss-free: each sink goes on from the position it
 * had applied, so the sinks are copied first and the log, which has all that they have not, after them; the time of the city's
 * clock, which is never behind what it gave out, last.
 */
export async function writeBackup(job: BackupJob): Promise<Manifest> {
  const partial = `${job.folder}.partial`
  try {
    await makePartial(job.folder, partial)
    await requireSpace(job, partial)
    const manifest = await copyAll(job, partial)
    await writeDurably(join(partial, manifestName), `${JSON.stringify(manifest, null, 2)}\n`)
    syncFolder(partial)
    await rename(partial, job.folder)
    syncFolder(dirname(job.folder))
    return manifest
  } catch (error) {
    await rm(partial, { recursive: true, force: true }).catch(() => undefined)
    throw describeSystemError(error, {
      what: `The backup ${job.folder} was not written; nothing of it is left`,
      remedy: '',
    })
  }
}

async function makePartial(folder: string, partial: string): Promise<void> {
  if ((await namesIn(folder)).length > 0 || (await sizeOf(`${folder}/${manifestName}`)) > 0)
    throw new LarderError(
      'RT_REQUEST_INVALID',
      `${folder} is there already. Name a folder that is not: a backup never replaces another.`,
    )
  // What a backup that was killed left behind, and nothing else.
  const left = await namesIn(partial)
  const isOurs = left.every((name) => name === manifestName || name === 'data')
  if (!isOurs)
    throw new LarderError('RT_REQUEST_INVALID', `${partial} holds something else. Move it away.`)
  await rm(partial, { recursive: true, force: true })
  // Not the folders above it: where none can be made, as in /proc, Node would try for ever.
  await mkdir(partial, { mode: 0o700 }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new LarderError(
      'RT_REQUEST_INVALID',
      `Nothing can be made in ${dirname(folder)}. Make that folder, or name another.`,
    )
  })
  await mkdir(join(partial, 'data'), { mode: 0o700 })
}

async function requireSpace({ data }: BackupJob, partial: string): Promise<void> {
  const names = [...stores, 'log.db', ...(await filesBelow(data, 'models'))]
  const sizes = await Promise.all(names.map((name) => sizeOf(join(data, name))))
  const needed = sizes.reduce((sum, size) => sum + size, 0)
  const disk = await statfs(partial)
  const free = disk.bavail * disk.bsize
  if (free < needed)
    throw new LarderError(
      'RT_DISK_FULL',
      `The backup needs up to ${Math.ceil(needed / mebibyte)} MB and the disk of ${partial} has ${Math.floor(free / mebibyte)} MB left. Free some, or name a folder on another disk.`,
    )
}

async function copyAll(job: BackupJob, partial: string): Promise<Manifest> {
  const { data, logPort, elsewhere, onProgress } = job
  const to = join(partial, 'data')
  const startedAt = new Date(wallClock.now()).toISOString()
  const steps = createSteps(onProgress, await sizesOf(data))
  const problems: string[] = []

  // As after a kill, a city that is older than the log goes on from where it was, and says again what is known.
  for (const name of await smallFiles(data)) await copySmall(data, to, name)
  let applied: Applied
  let log: LogCopy | null = null
  for (let tries = 1; ; tries++) {
    for (const name of stores) await copyStore(data, to, name, steps)
    applied = await readApplied(to)
    if (!logPort) break
    const file = join(to, 'log.db')
    await rm(file, { force: true })
    log = await copyMessageLog({
      ...{ port: await logPort(), file },
      onProgress: steps.follow('Copying the message log', 'log.db'),
    })
    const oldest = Math.min(applied.series ?? Infinity, applied.operations ?? Infinity)
    if (log.start <= oldest + 1 || !Number.isFinite(oldest)) break
    // Pruned in between: what the copies have not applied would be missing.
    if (tries === mostTries) {
      problems.push(
        'The message log was pruned while it was copied: messages that the copied stores had not yet taken are missing. Let it keep more (messageLog.keepMegabytes), then back up again.',
      )
      break
    }
  }
  for (const name of await filesBelow(data, 'models')) await copySmall(data, to, name)
  await copySmall(data, to, 'clock.json')

  const names = await filesBelow(partial, 'data')
  for (const name of stores.filter((store) => names.includes(`data/${store}`))) {
    steps.say(`Checking ${name}`)
    const damage = findDamage(join(to, name))
    if (damage !== null)
      problems.push(
        `${name} has damaged pages (${damage}); the copy has them too. Keep the backup before this one; "larder doctor" says what to do.`,
      )
  }
  const files = []
  for (const name of await filesBelow(partial, 'data')) {
    steps.say(`Summing ${name.slice('data/'.length)}`)
    const file = await describeFile(partial, name)
    files.push({ ...file, name: name.slice('data/'.length) })
  }
  return {
    ...{ format: formatVersion, larder: version, schemas: schemaVersions, startedAt },
    finishedAt: new Date(wallClock.now()).toISOString(),
    positions: { log: log && { start: log.start, end: log.end }, ...applied },
    ...{ files, problems, elsewhere },
  }
}

interface Applied {
  readonly series: number | null
  readonly operations: number | null
}

async function sizesOf(data: string): Promise<ReadonlyMap<string, number>> {
  const names = [...stores, 'log.db']
  return new Map(
    await Promise.all(names.map(async (name) => [name, await sizeOf(join(data, name))] as const)),
  )
}

async function copyStore(data: string, to: string, name: string, steps: Steps): Promise<void> {
  const file = join(data, name)
  const target = join(to, name)
  if ((await sizeOf(file)) === 0) return
  await rm(target, { force: true })
  await copySqliteFile({ file, to: target, onProgress: steps.follow(`Copying ${name}`, name) })
}

/** Where the copies stand; opening them also moves their journals into them. */
async function readApplied(to: string): Promise<Applied> {
  const has = async (name: string): Promise<boolean> => (await sizeOf(join(to, name))) > 0
  const applied = { series: null as number | null, operations: null as number | null }
  if (await has('series.db')) {
    const store = createSqliteSeriesStore({ file: join(to, 'series.db') })
    applied.series = (await store.applied('series')).get(0) ?? null
    await store.close()
  }
  if (await has('operations.db')) {
    const store = await createSqliteOperationsStore({ file: join(to, 'operations.db') })
    applied.operations = (await store.applied('operations')).get(0) ?? null
    await store.close()
  }
  return applied
}

/** A file that its owner replaces whole; one that is gone meanwhile was replaced by another name. */
async function copySmall(data: string, to: string, name: string): Promise<void> {
  const target = join(to, name)
  await mkdir(dirname(target), { recursive: true, mode: 0o700 })
  try {
    await copyFile(join(data, name), target)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  await sync(target)
}

async function writeDurably(file: string, text: string): Promise<void> {
  await writeFile(file, text, { mode: 0o600 })
  await sync(file)
}

async function sync(file: string): Promise<void> {
  const handle = await open(file, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
