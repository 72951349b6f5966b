import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const pollMs = 500

/** Runs alone among all processes that name the same file. One that died in the middle does not hold up the next. */
export async function withInstallLock<T>(file: string, run: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), { recursive: true })
  while (!take(file)) {
    if (!isHolderAlive(file)) rmSync(file, { force: true })
    else await sleep(pollMs)
  }
  try {
    return await run()
  } finally {
    rmSync(file, { force: true })
  }
}

/** The file appears with its process id in it, never empty: a link is made or not. */
function take(file: string): boolean {
  const own = `${file}.${process.pid}`
  writeFileSync(own, String(process.pid))
  try {
    linkSync(own, file)
    return true
  } catch {
    return false
  } finally {
    rmSync(own, { force: true })
  }
}

function isHolderAlive(file: string): boolean {
  try {
    process.kill(Number(readFileSync(file, 'utf8')), 0)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'EPERM' || code === 'ENOENT'
  }
}
