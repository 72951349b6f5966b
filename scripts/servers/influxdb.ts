import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cacheFolder } from './cache-folder.ts'
import { freePort } from './free-port.ts'

const buildScript = fileURLToPath(new URL('./build-influxdb.sh', import.meta.url))
const program = (): string => join(cacheFolder(), 'bin', 'influxd')
const readyWithinMs = 60_000
const stopWithinMs = 10_000

export interface InfluxdbServer {
  readonly url: string
  readonly org: string
  readonly token: string
  /** Process id while it runs; null while it does not. */
  pid(): number | null
  /** Ends it without a word to it. */
  kill(): Promise<void>
  /** Stops its process in its tracks, and lets it go on. */
  freeze(): void
  thaw(): void
  /** Starts it again on the same port and data. */
  start(): Promise<void>
  /** Ends it and removes its data where the folder was not given. */
  stop(): Promise<void>
  readonly folder: string
}

/** Builds the server where it is missing; gives its path. */
export async function installInfluxdb(): Promise<string> {
  await promisify(execFile)('bash', [buildScript])
  return program()
}

/** A server of its own on loopback, set up with an organisation and a token that may do everything, and without a bucket of Larder's. */
export async function startInfluxdb(
  options: { readonly folder?: string; readonly args?: readonly string[] } = {},
): Promise<InfluxdbServer> {
  if (!existsSync(program())) {
    throw new Error(
      'InfluxDB is missing: build it once with scripts/servers/build-influxdb.sh (10 to 18 minutes; it needs Go, cargo, gcc and pkg-config).',
    )
  }
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'larder-influxdb-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const logFile = join(folder, 'influxd.log')
  const [org, token] = ['larder', 'token-of-a-test']
  let child: ChildProcess | null = null

  async function start(): Promise<void> {
    const log = openSync(logFile, 'a')
    const started = spawn(
      program(),
      [
        ...['--bolt-path', join(folder, 'influxd.bolt'), '--engine-path', join(folder, 'engine')],
        ...['--sqlite-path', join(folder, 'influxd.sqlite')],
        ...['--http-bind-address', `127.0.0.1:${port}`, '--reporting-disabled'],
        ...['--log-level', 'warn', ...(options.args ?? [])],
      ],
      { stdio: ['ignore', log, log] },
    )
    closeSync(log)
    child = started
    const deadline = performance.now() + readyWithinMs
    while (!(await isHealthy(url))) {
      if (started.exitCode !== null || performance.now() > deadline)
        throw new Error(`InfluxDB did not start:\n${readFileSync(logFile, 'utf8').slice(-2000)}`)
      await sleep(50)
    }
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = child
    child = null
    if (ending?.exitCode !== null || ending.signalCode !== null) return
    const exit = once(ending, 'exit')
    ending.kill(signal)
    const late = setTimeout(() => ending.kill('SIGKILL'), stopWithinMs)
    await exit
    clearTimeout(late)
  }

  await start()
  await setUp(url, org, token)
  return {
    ...{ url, org, token, folder, start },
    pid: () => child?.pid ?? null,
    kill: () => end('SIGKILL'),
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async stop() {
      child?.kill('SIGCONT')
      await end('SIGTERM')
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(1000) })
    await answer.text()
    return answer.ok
  } catch {
    return false
  }
}

async function setUp(url: string, org: string, token: string): Promise<void> {
  const signal = AbortSignal.timeout(30_000)
  const known = await fetch(`${url}/api/v2/setup`, { signal })
  if (!((await known.json()) as { allowed: boolean }).allowed) return
  const answer = await fetch(`${url}/api/v2/setup`, {
    method: 'POST',
    signal,
    body: JSON.stringify({
      ...{ username: 'admin', password: 'admin-of-a-test', org, token, bucket: 'unused' },
      retentionPeriodSeconds: 0,
    }),
  })
  if (!answer.ok) throw new Error(`InfluxDB was not set up: ${await answer.text()}`)
}
