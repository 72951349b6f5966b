import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Progress } from '../../domain/index.ts'
import { compiledUrl, type Logger } from '../../runtime/index.ts'

export interface CityProcess {
  progress(): Progress | null
  /** What it does now, or why it ended. */
  words(): string
  isRunning(): boolean
  stop(): Promise<void>
}

/** A line of the simulator's standard output: what it prepares, and from its first step on what runs. */
type Report =
  | { readonly progress: Progress }
  | {
      readonly state: {
        readonly devices: number
        readonly connected: number
        readonly waiting: number
      }
    }

/**
 * The simulated city, or a replay, as a process of its own, so that its work never holds up the broker.
 * It gets an own process group: Ctrl-C reaches Larder alone, which then stops the city first.
 */
export function startCityProcess(options: {
  readonly args: readonly string[]
  readonly logger: Logger
  readonly onRunning: () => void
  readonly onExit: (words: string, hasRun: boolean) => void
}): CityProcess {
  const child = spawn(
    process.execPath,
    [
      // 600 connections live long and their messages die young: a small nursery saves 15 MB.
      '--max-semi-space-size=1',
      // A replay gives back what it read of a column before it reads the next.
      '--expose-gc',
      fileURLToPath(compiledUrl('../../firmware-sim/main.js', import.meta.url)),
      ...options.args,
    ],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    },
  )
  let progress: Progress | null = null
  let words = 'starting'
  let isStopping = false
  let isRunning = false
  let lastError = ''

  createInterface({ input: child.stdout }).on('line', (line) => {
    const report = parseReport(line)
    if (!report) return
    if ('progress' in report) {
      progress = report.progress
      words = report.progress.task
      return
    }
    const { devices, connected, waiting } = report.state
    words = `${connected} of ${devices} devices connected${waiting > 0 ? `, ${waiting} messages on their way` : ''}`
    progress = null
    if (!isRunning) options.onRunning()
    isRunning = true
  })
  createInterface({ input: child.stderr }).on('line', (line) => {
    lastError = line
    options.logger.warn({ city: line }, 'the simulated city says')
  })
  const exited = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      progress = null
      words = isStopping ? 'stopped' : `ended with ${signal ?? `code ${code ?? '?'}`}: ${lastError}`
      if (!isStopping) options.onExit(words, isRunning)
      resolve()
    })
  })

  return {
    progress: () => progress,
    words: () => words,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    async stop() {
      isStopping = true
      child.kill('SIGTERM')
      const giveUp = setTimeout(() => child.kill('SIGKILL'), 2_500)
      await exited
      clearTimeout(giveUp)
    },
  }
}

function parseReport(line: string): Report | null {
  try {
    const report: unknown = JSON.parse(line)
    return typeof report === 'object' && report !== null ? (report as Report) : null
  } catch {
    return null
  }
}
