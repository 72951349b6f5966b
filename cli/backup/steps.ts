import type { Progress } from '../../domain/index.ts'
import { wallClock } from '../../runtime/index.ts'

/** Says how far a backup is, over all of its large files. */
export interface Steps {
  say(task: string): void
  /** For whoever copies one of them, in units of its own. */
  follow(task: string, name: string): (done: number, of: number) => void
}

export function createSteps(
  onProgress: (progress: Progress) => void,
  sizes: ReadonlyMap<string, number>,
): Steps {
  const of = Math.max(
    1,
    [...sizes.values()].reduce((sum, size) => sum + size, 0),
  )
  const copied = new Map<string, number>()
  const startedAt = wallClock.now()
  const startedMs = performance.now()
  const show = (task: string): void => {
    const done = [...copied.values()].reduce((sum, size) => sum + size, 0)
    const passedMs = performance.now() - startedMs
    const remainingMs = done === 0 ? null : Math.round((passedMs * (of - done)) / done)
    onProgress({ task, done, of, startedAt, remainingMs })
  }
  return {
    say: show,
    follow: (task, name) => (done, parts) => {
      copied.set(name, ((sizes.get(name) ?? 0) * done) / Math.max(1, parts))
      show(task)
    },
  }
}
