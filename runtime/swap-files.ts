import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { syncFolder, writeFileDurably } from './sync-files.ts'

/** New files wait here until all of them are there. */
const waiting = 'restoring'
/** Once this is written the new files are the folder's, whatever happens. */
const decided = 'restoring.json'

interface Swap {
  readonly out: readonly string[]
  readonly in: readonly string[]
  /** Name of the folder that takes what was there. */
  readonly replaced: string
}

/** An empty place in a data folder for files that are to take the place of others. What an earlier try left is dropped. */
export function beginSwap(path: string): { readonly folder: string; drop(): void } {
  const folder = join(path, waiting)
  const drop = (): void => rmSync(folder, { recursive: true, force: true })
  drop()
  mkdirSync(folder, { mode: 0o700 })
  return { folder, drop }
}

/**
 * Puts the waiting files (names of the folder's first level) in the place of others, which are moved into a folder beside them.
 * Killed at any moment, the folder is the old one whole, or becomes the new one when it is next opened.
 */
export function swapFiles(path: string, swap: Swap): void {
  syncFolder(join(path, waiting))
  writeFileDurably(join(path, decided), JSON.stringify(swap))
  finishSwap(path)
}

/** Goes on with a swap that was decided and cut short; nothing to do where there is none. */
export function finishSwap(path: string): void {
  const file = join(path, decided)
  if (!existsSync(file)) return
  let swap: Swap
  try {
    swap = JSON.parse(readFileSync(file, 'utf8')) as Swap
  } catch {
    // Never written so by us: without it nothing was decided.
    rmSync(file, { recursive: true, force: true })
    return
  }
  const from = join(path, waiting)
  const replaced = join(path, swap.replaced)
  mkdirSync(replaced, { recursive: true, mode: 0o700 })
  for (const name of swap.out) {
    // Moved before by a swap that was cut short: what stands there now is the new one.
    if (existsSync(join(replaced, name)) || !existsSync(join(path, name))) continue
    renameSync(join(path, name), join(replaced, name))
  }
  syncFolder(replaced)
  for (const name of swap.in)
    if (existsSync(join(from, name))) renameSync(join(from, name), join(path, name))
  syncFolder(path)
  rmSync(file)
  rmSync(from, { recursive: true, force: true })
  syncFolder(path)
}
