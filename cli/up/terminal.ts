import type { Progress } from '../../domain/index.ts'
import { describeProgress } from '../progress-line.ts'

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
      if (stream.isTTY) {
        stream.write(`\r\x1b[K  ${describeProgress(progress, true)}`)
        isDrawn = true
        return
      }
      const tenth = Math.floor((10 * progress.done) / Math.max(1, progress.of))
      if (progress.task === shownTask && tenth === shownTenth) return
      shownTask = progress.task
      shownTenth = tenth
      stream.write(`  ${describeProgress(progress, false)}\n`)
    },
  }
}
