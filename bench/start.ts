import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'

/**
 * From `npm start` on an empty data folder to the board, to the first TensorFlow.js forecast, and the memory after a while.
 *   npm run bench:start [-- --minutes 10]
 * Ends with exit code 1 where a figure could not be taken.
 */
const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } })
const minutes = Number(values.minutes)
const root = join(import.meta.dirname, '..')
const data = mkdtempSync(join(tmpdir(), 'larder-bench-start-'))

const startedAt = performance.now()
const child = spawn('npm', ['start', '--', '--data', data, '--http', '0', '--mqtt', '0'], {
  cwd: root,
  stdio: ['ignore', 'ignore', 'inherit'],
  detached: true,
})
const seconds = (): number => (performance.now() - startedAt) / 1000

interface Run {
  readonly pid: number
  readonly http: string
}

async function untilFound<T>(
  what: string,
  withinSeconds: number,
  look: () => Promise<T | null> | T | null,
): Promise<T> {
  while (seconds() < withinSeconds) {
    const found = await Promise.resolve(look()).catch(() => null)
    if (found !== null) return found
    await sleep(100)
  }
  throw new Error(`${what} did not come within ${withinSeconds} s.`)
}

function readRun(): Run | null {
  try {
    return JSON.parse(readFileSync(join(data, 'run.json'), 'utf8')) as Run
  } catch {
    return null
  }
}

/** Resident megabytes of a process and all its children, by /proc. */
function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const own = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
  return own + children.reduce((sum, one) => sum + residentMb(Number(one)), 0)
}

function installedPackages(): number {
  const lock = JSON.parse(readFileSync(join(root, 'node_modules/.package-lock.json'), 'utf8')) as {
    packages: Record<string, unknown>
  }
  return Object.keys(lock.packages).length
}

try {
  const run = await untilFound('The process', 60, readRun)
  await untilFound('The board', 60, async () => ((await fetch(`${run.http}/`)).ok ? true : null))
  const boardSeconds = seconds()
  await untilFound('The first TensorFlow.js forecast', 600, async () => {
    const answer = await fetch(`${run.http}/v1/forecasts?type=demand&latest=true&limit=1`)
    const { items } = (await answer.json()) as { items: { servedBy: string }[] }
    return items[0]?.servedBy.startsWith('tfjs:') ? true : null
  })
  const forecastSeconds = seconds()
  console.error(
    `board after ${boardSeconds.toFixed(1)} s, forecast after ${forecastSeconds.toFixed(1)} s; memory at ${minutes} min follows`,
  )
  let peakMb = 0
  while (seconds() < minutes * 60) {
    peakMb = Math.max(peakMb, residentMb(run.pid))
    await sleep(5_000)
  }
  const status = (await (await fetch(`${run.http}/v1/status`)).json()) as Record<string, unknown>
  const megabytes = Number(
    execFileSync('du', ['-sm', join(root, 'node_modules')], { encoding: 'utf8' }).split('\t')[0],
  )
  console.log(
    JSON.stringify(
      {
        boardSeconds: Number(boardSeconds.toFixed(1)),
        firstForecastSeconds: Number(forecastSeconds.toFixed(1)),
        minutes,
        residentMb: Math.round(residentMb(run.pid)),
        peakResidentMb: Math.round(peakMb),
        packagesInstalled: installedPackages(),
        megabytesInstalled: megabytes,
        folders: readdirSync(join(root, 'node_modules')).length,
        messagesKept: status.messagesKept,
        ingestLagMs: status.ingestLagMs,
        cpu: cpus()[0]?.model,
        cores: cpus().length,
        node: process.version,
      },
      null,
      2,
    ),
  )
} finally {
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM')
  await sleep(6_000)
  rmSync(data, { recursive: true, force: true })
}
