import type { Progress } from '../../domain/index.ts'

/** Progress on a terminal as one line that is drawn again; elsewhere a line each tenth. */
export function createProgressPrinter(stream: NodeJS.WriteStream): {
  show(progress: Progress | null): void
} {
  let shownTask = ''
  let shownTenth = -1
  let isDrawn = false
  return {
    show(progress) {
      if (!progress) {
        if (isDrawn) stream.write('\r\x1b[K')
        isDrawn = false
        return
      }
      const share = progress.of > 0 ? Math.min(1, progress.done / progress.of) : 0
      if (stream.isTTY) {
        stream.write(`\r\x1b[K  ${bar(share)} ${line(progress, share)}`)
        isDrawn = true
        return
      }
      const tenth = Math.floor(share * 10)
      if (progress.task === shownTask && tenth === shownTenth) return
      shownTask = progress.task
      shownTenth = tenth
      stream.write(`  ${line(progress, share)}\n`)
    },
  }
}

function bar(share: number): string {
  const full = Math.round(share * 24)
  return `[${'#'.repeat(full)}${'.'.repeat(24 - full)}]`
}

function line(progress: Progress, share: number): string {
  const left =
    progress.remainingMs === null ? '' : `, ${Math.ceil(progress.remainingMs / 1000)} s left`
  return `${String(Math.round(share * 100)).padStart(3)} % ${progress.task}${left}`
}
