import { existsSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'
import { syncFolder } from './sync-files.ts'

/** A file that was set aside: `NAME.damaged-20261122T153000Z`, or `…Z-2` for the second one of a second. */
const setAsidePattern = /^(.+)\.damaged-(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z(?:-\d+)?$/

/** Moves what cannot be used, and a database's journal with it, out of the way under a dated name; gives the name. */
export function setAside(path: string, wallAt: number): string {
  const date = new Date(wallAt).toISOString().replace(/[-:]|\.\d+/g, '')
  let target = `${path}.damaged-${date}`
  for (let number = 2; existsSync(target); number++) target = `${path}.damaged-${date}-${number}`
  if (existsSync(path)) renameSync(path, target)
  for (const suffix of ['-wal', '-shm'])
    if (existsSync(path + suffix)) renameSync(path + suffix, target + suffix)
  syncFolder(dirname(path))
  return target
}

/** Which file a name of a data folder was set aside from, and when; null for every other name. */
export function wasSetAside(name: string): { readonly of: string; readonly at: number } | null {
  const [, of, year, month, day, hour, minute, second] = setAsidePattern.exec(name) ?? []
  if (of === undefined) return null
  return { of, at: Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) }
}
