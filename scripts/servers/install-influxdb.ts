import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { cacheFolder } from './cache-folder.ts'
import { withInstallLock } from './install-lock.ts'

const version = '2.7.12'
/** What go.mod of that version names; the module of the wrapper has to name it too, or no libflux is built. */
const fluxVersion = '0.196.1'

const goModule = `module larder.invalid/influxd

go 1.23.0

require (
	github.com/influxdata/flux v${fluxVersion}
	github.com/influxdata/influxdb/v2 v${version}
)

replace github.com/nats-io/nats-streaming-server v0.11.2 => github.com/influxdata/nats-streaming-server v0.11.3-0.20201112040610-c277f7560803
`

/** The default feature "strict" of flux turns every warning of a newer rustc into an error. */
const cargoForFlux = `#!/bin/sh
exec cargo "$@" -p flux --no-default-features --features cffi
`

const program = (): string => join(cacheFolder(), 'bin', 'influxd')

/** The server built here, of the version that the tests are written for; null where there is none. */
export function findInfluxdb(): string | null {
  const file = program()
  if (!existsSync(file)) return null
  return execFileSync(file, ['version']).toString().includes(` ${version} `) ? file : null
}

/**
 * Builds InfluxDB from its Go module and the Rust part of flux, once: 10 to 18 minutes with empty caches, seconds with warm ones.
 * Without its web pages. Two at once wait for each other, and a build that is cut leaves nothing half made.
 */
export async function installInfluxdb(
  options: { readonly onProgress?: (line: string) => void } = {},
): Promise<string> {
  const home = cacheFolder()
  mkdirSync(home, { recursive: true })
  const say = (line: string): void => {
    appendFileSync(
      join(home, 'install-influxdb.log'),
      `${new Date().toISOString().slice(11, 19)} ${line}\n`,
    )
    options.onProgress?.(line)
  }
  return withInstallLock(join(home, 'install-influxdb.lock'), async () => {
    const found = findInfluxdb()
    if (found !== null) return found
    await build(home, say)
    return program()
  })
}

async function build(home: string, say: (line: string) => void): Promise<void> {
  checkTools()
  const folder = join(home, `influxd-build-${process.pid}`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  mkdirSync(join(home, 'bin'), { recursive: true })
  try {
    writeFileSync(join(folder, 'go.mod'), goModule)
    writeFileSync(join(folder, 'cargo'), cargoForFlux, { mode: 0o755 })
    const run = (name: string, args: readonly string[], env: Record<string, string>) =>
      runProgram(name, args, { folder, env, say })
    say('1/3 the stand-in for pkg-config that builds libflux')
    await run('go', ['install', 'github.com/influxdata/pkg-config@v0.2.14'], {
      ...{ GOBIN: folder, GOFLAGS: '' },
    })
    say(`2/3 InfluxDB ${version} and flux ${fluxVersion}: modules, libflux, influxd`)
    const built = join(folder, 'influxd')
    await run(
      'go',
      [
        ...['build', '-trimpath', '-tags', 'sqlite_foreign_keys,sqlite_json'],
        ...['-ldflags', `-s -w -X main.version=${version}`],
        ...['-o', built, 'github.com/influxdata/influxdb/v2/cmd/influxd'],
      ],
      {
        ...{ CARGO: join(folder, 'cargo'), PKG_CONFIG: join(folder, 'pkg-config') },
        ...{ GOFLAGS: '-mod=mod', ...installedToolchain() },
      },
    )
    renameSync(built, program())
    say(`3/3 ${program()}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function checkTools(): void {
  const missing = ['go', 'cargo', 'gcc', 'pkg-config'].filter((tool) => {
    try {
      execFileSync('sh', ['-c', `command -v ${tool}`])
      return false
    } catch {
      return true
    }
  })
  if (missing.length > 0)
    throw new Error(`InfluxDB cannot be built without ${missing.join(', ')}: install them first.`)
}

/** flux names a compiler of its own, which rustup would download. */
function installedToolchain(): Record<string, string> {
  try {
    const shown = execFileSync('rustup', ['show', 'active-toolchain'], { stdio: 'pipe' }).toString()
    return { RUSTUP_TOOLCHAIN: shown.split(' ')[0]!.trim() }
  } catch {
    return {}
  }
}

/** A program's output goes line by line to the log; it ends with the last of it where the program failed. */
async function runProgram(
  name: string,
  args: readonly string[],
  context: {
    readonly folder: string
    readonly env: Record<string, string>
    readonly say: (line: string) => void
  },
): Promise<void> {
  const child = spawn(name, args, {
    cwd: context.folder,
    env: { ...process.env, ...context.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const last: string[] = []
  const hear = (text: Buffer): void => {
    for (const line of text.toString().split('\n').filter(Boolean)) {
      context.say(line)
      last.push(line)
      if (last.length > 20) last.shift()
    }
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${name} ended with ${code}:\n${last.join('\n')}`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(await installInfluxdb({ onProgress: (line) => console.log(line) }))
}
