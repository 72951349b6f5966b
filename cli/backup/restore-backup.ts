import { copyFile, mkdir, open, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { LarderError, type Progress } from '../../domain/index.ts'
import { beginSwap, describeSystemError, openDataFolder, swapFiles } from '../../runtime/index.ts'
import { isOurs } from '../up/reset.ts'
import { namesIn } from './data-files.ts'
import { describeFile, readManifest, type Manifest } from './manifest.ts'
import { createSteps } from './steps.ts'

const mebibyte = 1024 * 1024

export interface Restored {
  readonly manifest: Manifest
  /** Where what was in the data folder is now; null where it was empty. */
  readonly replaced: string | null
}

/**
 * Puts a backup in a data folder that nobody uses. All of it is checked and lies on the disk before anything of what was there
 * is touched; then one name decides, so that a full disk or a kill leaves the old folder whole, or the new one.
 */
export async function restoreBackup(job: {
  readonly folder: string
  readonly data: string
  /** What the data folder holds may be moved aside. */
  readonly mayReplace: boolean
  readonly onProgress: (progress: Progress) => void
}): Promise<Restored> {
  const manifest = await readManifest(job.folder)
  const owned = openDataFolder(job.data)
  try {
    const there = (await namesIn(job.data)).filter((name) => name !== 'restoring' && isOurs(name))
    if (there.length > 0 && !job.mayReplace)
      throw new LarderError(
        'RT_WRONG_STATE',
        `The data folder ${job.data} is not empty (${there.slice(0, 3).join(', ')}, …). Name another with --data, or have it moved aside with --replace.`,
      )
    const steps = createSteps(
      job.onProgress,
      new Map(manifest.files.map(({ name, bytes }) => [name, 2 * bytes])),
    )
    for (const file of manifest.files) {
      await checkFile(join(job.folder, 'data'), file)
      steps.follow(`Checking ${file.name}`, file.name)(1, 2)
    }
    await requireSpace(job.data, manifest)
    const swap = beginSwap(job.data)
    try {
      for (const file of manifest.files) {
        await copyDurably(join(job.folder, 'data', file.name), join(swap.folder, file.name))
        await checkFile(swap.folder, file)
        steps.follow(`Restoring ${file.name}`, file.name)(2, 2)
      }
    } catch (error) {
      swap.drop()
      throw error
    }
    const replaced = await freeName(job.data)
    const names = new Set(manifest.files.map(({ name }) => name.split('/')[0]!))
    swapFiles(job.data, { out: there, in: [...names], replaced })
    return { manifest, replaced: there.length === 0 ? null : join(job.data, replaced) }
  } catch (error) {
    throw describeSystemError(error, {
      what: `Nothing was restored and ${job.data} is as it was`,
      remedy: '',
    })
  } finally {
    owned.release()
  }
}

async function checkFile(folder: string, file: Manifest['files'][number]): Promise<void> {
  const found = await describeFile(folder, file.name).catch(() => null)
  if (found?.sha256 === file.sha256) return
  throw new LarderError(
    'RT_STORE_DAMAGED',
    `The backup is damaged: ${join(folder, file.name)} ${found ? 'is not what was backed up' : 'cannot be read'}. Nothing was restored; take an earlier backup.`,
  )
}

async function requireSpace(data: string, { files }: Manifest): Promise<void> {
  const needed = files.reduce((sum, { bytes }) => sum + bytes, 0)
  const disk = await statfs(data)
  const free = disk.bavail * disk.bsize
  if (free >= needed) return
  throw new LarderError(
    'RT_DISK_FULL',
    `The backup has ${Math.ceil(needed / mebibyte)} MB and the disk of ${data} has ${Math.floor(free / mebibyte)} MB left: what is there is kept beside it. Free some, or restore into a folder on another disk. Nothing was changed.`,
  )
}

async function copyDurably(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 })
  await copyFile(from, to)
  const handle = await open(to, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function freeName(data: string): Promise<string> {
  const names = new Set(await namesIn(data))
  for (let number = 1; ; number++) if (!names.has(`replaced-${number}`)) return `replaced-${number}`
}
