import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, mkdirSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeImage, type DiskImage } from './crash-disk.ts'
import { readJournal, type FileCall } from './fault-journal.ts'
import { buildFaultShim, type FaultMode } from './fault-shim.ts'

export interface RunPlan {
  readonly seed: number
  readonly records: number
  /** The log is closed and opened again so many times less one, and pruned each time. */
  readonly lives: number
  readonly checkpointPages: number
  /** Goes on in the folder as it is, behind this message; else it is emptied first. */
  readonly after?: number
  readonly fault?: { readonly mode: FaultMode; readonly atCall: number }
}

export interface RunResult {
  readonly calls: number
  readonly fired: number
  /** Codes of refused appends, in order. */
  readonly refused: readonly string[]
  /** The log said that it keeps nothing any more. */
  readonly isEnded: boolean
  readonly afterTheEnd: number
  /** What else ended the run: opening, pruning or closing failed. */
  readonly problem: string | null
  readonly notices: readonly string[]
}

/** Appends to a real log in a process of its own under the shim, over and over. */
export interface FaultRuns {
  /** The folder whose calls are recorded. */
  readonly root: string
  /** An empty folder for other things. */
  readonly work: string
  /** Makes `root` as the image has it, for a run that goes on there. */
  restore(image: DiskImage): void
  run(plan: RunPlan): Promise<RunResult & { readonly journal: readonly FileCall[] }>
  stop(): Promise<void>
}

export async function startFaultRuns(): Promise<FaultRuns> {
  // Nothing here is about the disk itself: in memory the same calls take a hundredth of the time.
  const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
  const work = realpathSync(mkdtempSync(join(base, 'larder-faults-')))
  const root = join(work, 'disk')
  mkdirSync(root)
  const shim = buildFaultShim(work, root)
  const program = join(import.meta.dirname, 'fault-run-process.ts')
  const child = spawn(process.execPath, ['--import', 'tsx', program], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...shim.env, UV_USE_IO_URING: '0' },
  })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  const answer = <T>(): Promise<T> =>
    new Promise((resolve, reject) => {
      const ended = (code: number | null): void =>
        reject(new Error(`the process under the shim ended with code ${code}`))
      child.once('exit', ended)
      child.once('message', (message) => {
        child.off('exit', ended)
        resolve(message as T)
      })
    })
  await answer()
  return {
    root,
    work,
    restore(image) {
      rmSync(root, { recursive: true, force: true })
      writeImage(root, image)
    },
    async run(plan) {
      const result = answer<RunResult>()
      child.send(plan)
      return { ...(await result), journal: readJournal(shim.journal) }
    },
    async stop() {
      child.kill()
      await exited
      rmSync(work, { recursive: true, force: true })
    },
  }
}
