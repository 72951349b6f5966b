import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** A file system of its own that can be filled to the last byte. */
export interface SmallDisk {
  readonly path: string
  fill(): void
  /** Gives the space back. */
  free(): void
  unmount(): void
}

/** Null where this process may not mount one. */
export function mountSmallDisk(folder: string, megabytes: number): SmallDisk | null {
  const path = join(folder, 'disk')
  mkdirSync(path)
  try {
    const options = ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path]
    execFileSync('mount', options, { stdio: 'ignore' })
  } catch {
    return null
  }
  const filler = join(path, 'filler')
  return {
    path,
    fill() {
      const descriptor = openSync(filler, 'w')
      for (let bytes = 1 << 20; bytes >= 512; bytes /= 2) {
        const block = Buffer.alloc(bytes, 1)
        try {
          while (writeSync(descriptor, block) === bytes);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        }
      }
      closeSync(descriptor)
    },
    free: () => rmSync(filler, { force: true }),
    unmount: () => void execFileSync('umount', ['-l', path]),
  }
}
