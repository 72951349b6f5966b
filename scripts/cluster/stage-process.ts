import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const larderJs = join(import.meta.dirname, '../../dist/larder.js')
const keptOutput = 20_000

/** One process of Larder that can be killed and started again under the same addresses. */
export interface StageProcess {
  readonly name: string
  /** Of /health, /ready and /metrics. */
  readonly url: string
  pid(): number | null
  /** The newest of what it wrote, through all its lives. */
  output(): string
  start(): void
  /** Resolves once /ready answers 200; throws with what it wrote where it ended or did not come up in time. */
  ready(withinMs?: number): Promise<void>
  /** SIGKILL. */
  kill(): Promise<void>
  /** SIGTERM; the exit code. */
  stop(): Promise<number | null>
  /** Called when it ends without having been told to. */
  onEnd(listener: (words: string) => void): void
}

export function createStageProcess(options: {
  readonly name: string
  readonly args: readonly string[]
  readonly port: number
  readonly env: Readonly<Record<string, string>>
}): StageProcess {
  const { name } = options
  const url = `http://127.0.0.1:${options.port}`
  let output = ''
  let child: ChildProcess | null = null
  let exited: Promise<number | null> = Promise.resolve(null)
  let isEnding = false
  let onEnd: (words: string) => void = () => undefined

  const isRunning = (): boolean => child?.exitCode === null && child.signalCode === null
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    isEnding = true
    if (isRunning()) child?.kill(signal)
    return exited
  }
  return {
    name,
    url,
    pid: () => (isRunning() ? (child?.pid ?? null) : null),
    output: () => output,
    start() {
      isEnding = false
      const started = spawn(
        process.execPath,
        [larderJs, ...options.args, '--http', String(options.port)],
        { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...options.env } },
      )
      const keep = (text: unknown): void => {
        output = (output + String(text)).slice(-keptOutput)
      }
      started.stdout.on('data', keep)
      started.stderr.on('data', keep)
      exited = new Promise((resolve) => {
        started.once('exit', (code, signal) => {
          resolve(code)
          if (!isEnding) onEnd(`${name} ended with ${signal ?? `code ${code ?? '?'}`}`)
        })
      })
      child = started
    },
    async ready(withinMs = 60_000) {
      const deadline = performance.now() + withinMs
      let last = 'no answer'
      for (;;) {
        if (!isRunning()) throw new Error(`${name} ended:\n${output}`)
        if (performance.now() > deadline)
          throw new Error(`${name} was not ready in time (${last}):\n${output}`)
        const answer = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(5_000) }).catch(
          () => null,
        )
        last = (await answer?.text().catch(() => '')) ?? last
        if (answer?.status === 200) return
        await sleep(100)
      }
    },
    async kill() {
      await end('SIGKILL')
    },
    stop: () => end('SIGTERM'),
    onEnd(listener) {
      onEnd = listener
    },
  }
}
