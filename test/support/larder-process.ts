import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export const larderJs = join(import.meta.dirname, '../../dist/larder.js')

/** An empty folder of its own, removed by `remove`. */
export function temporaryFolder(name: string): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), `larder-${name}-`))
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) }
}

export interface RunResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a subcommand to its end. */
export function runLarder(
  args: readonly string[],
  options: { readonly env?: Record<string, string>; readonly cwd?: string } = {},
): Promise<RunResult> {
  const child = spawn(process.execPath, [larderJs, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    cwd: options.cwd,
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (text) => (stdout += String(text)))
  child.stderr.on('data', (text) => (stderr += String(text)))
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
}

export interface LarderProcess {
  readonly child: ChildProcess
  readonly url: string
  readonly mqttPort: number
  /** 0 where it does not listen with TLS. */
  readonly mqttsPort: number
  readonly ownerKey: string
  readonly output: () => string
  request(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>
  /** SIGTERM; the exit code. */
  stop(): Promise<number | null>
  /** SIGKILL. */
  kill(): Promise<void>
}

/** `larder up`, or another server of ours, on a data folder; resolves once /ready answers 200. */
export async function startLarder(
  data: string,
  options: {
    readonly command?: 'up' | 'gateway'
    readonly args?: readonly string[]
    readonly env?: Record<string, string>
    readonly readyWithinMs?: number
    readonly nodeArgs?: readonly string[]
  } = {},
): Promise<LarderProcess> {
  const args = options.args ?? ['--sim', 'none']
  const ports = args.includes('--http') ? [] : ['--http', '0']
  if (!args.includes('--mqtt')) ports.push('--mqtt', '0')
  const command = [options.command ?? 'up', '--data', data, ...ports, ...args]
  const child = spawn(process.execPath, [...(options.nodeArgs ?? []), larderJs, ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LARDER_MODELS_ENABLED: 'false', ...options.env },
  })
  let output = ''
  child.stdout.on('data', (text) => (output += String(text)))
  child.stderr.on('data', (text) => (output += String(text)))
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code))
  })

  const run = join(data, 'run.json')
  const deadline = Date.now() + (options.readyWithinMs ?? 30_000)
  let url = ''
  for (;;) {
    if (child.exitCode !== null)
      throw new Error(`larder up ended with code ${child.exitCode}:\n${output}`)
    if (Date.now() > deadline) {
      child.kill('SIGKILL')
      throw new Error(`larder up was not ready in time:\n${output}`)
    }
    const info = readRun(run, child.pid)
    if (info) {
      url = info.http
      const ready = await fetch(`${url}/ready`).catch(() => null)
      await ready?.arrayBuffer()
      if (ready?.status === 200) break
    }
    await sleep(50)
  }
  const info = readRun(run, child.pid)
  const key = readFileSync(join(data, 'owner.key'), 'utf8').trim()
  return {
    child,
    url,
    mqttPort: Number(new URL(info?.mqtt ?? '').port),
    mqttsPort: info?.mqtts === undefined ? 0 : Number(new URL(info.mqtts).port),
    ownerKey: key,
    output: () => output,
    async request(method: string, path: string, body?: unknown) {
      const text = typeof body === 'string'
      const answer = await fetch(url + path, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body === undefined ? {} : { 'content-type': text ? 'text/csv' : 'application/json' }),
        },
        ...(body === undefined ? {} : { body: text ? body : JSON.stringify(body) }),
        signal: AbortSignal.timeout(30_000),
      })
      const answered = await answer.text()
      return {
        status: answer.status,
        body: (answered === '' ? null : JSON.parse(answered)) as unknown,
      }
    },
    stop() {
      child.kill('SIGTERM')
      return exited
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

function readRun(
  file: string,
  pid: number | undefined,
): { http: string; mqtt: string; mqtts?: string } | null {
  if (!existsSync(file)) return null
  try {
    const info = JSON.parse(readFileSync(file, 'utf8')) as {
      pid: number
      http: string
      mqtt: string
      mqtts?: string
    }
    return info.pid === pid ? info : null
  } catch {
    return null
  }
}
