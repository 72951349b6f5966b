import type { Progress } from '../domain/index.ts'

const width = 24

/** Shows long work on stderr: one line drawn over and over on a terminal, a plain line now and then elsewhere. */
export function createProgressLine(
  output: NodeJS.WriteStream,
  now: () => number,
): { show(progress: Progress): void; end(): void } {
  const everyMs = output.isTTY ? 200 : 15_000
  let shownAt = -Infinity
  let isDrawn = false
  return {
    show(progress) {
      const isDone = progress.done >= progress.of
      if (!isDone && now() - shownAt < everyMs) return
      shownAt = now()
      if (output.isTTY) {
        output.write(`\r\u001b[2K${describeProgress(progress, true)}`)
        isDrawn = true
      } else output.write(`${describeProgress(progress, false)}\n`)
    },
    end() {
      if (isDrawn) output.write('\n')
      isDrawn = false
    },
  }
}

export function describeProgress(progress: Progress, withBar: boolean): string {
  const share = progress.of > 0 ? Math.min(1, progress.done / progress.of) : 0
  const bar = '█'.repeat(Math.round(share * width)).padEnd(width, '░')
  const left =
    progress.remainingMs === null
      ? 'measuring the time left'
      : `${duration(progress.remainingMs)} left`
  return `${progress.task} ${withBar ? `${bar} ` : ''}${Math.round(share * 100)} %, ${left}`
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
}
