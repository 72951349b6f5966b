import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Installs the compiled part of the log on Kafka into native/kafka/node_modules: from the cache of this machine where it was built
 * before, else compiled (with the librdkafka of the system where that is 2.0 or later, in under a minute; else with the one that
 * the package brings, in several) and kept in the cache. Quick where it is there already. `--bundled`: in any case with the one that
 * the package brings, which is newer than what most systems have.
 */
const folder = fileURLToPath(new URL('../native/kafka/', import.meta.url))
const modules = join(folder, 'node_modules')
const say = (words: string): void => void process.stdout.write(`${words}\n`)

const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
  dependencies: { 'node-rdkafka': string }
}
const version = dependencies['node-rdkafka']
const isBundled = process.argv.includes('--bundled')
const system = isBundled ? null : systemLibrary()
const key = [
  'node-rdkafka',
  version,
  ...[`node-abi-${process.versions.modules}`, process.platform, process.arch],
  system === null ? 'bundled' : `librdkafka-${system}`,
].join('-')
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'larder')
const cached = join(cache, key)

if (!isBundled && loads())
  say(`The part that speaks to Kafka is installed: node-rdkafka ${version}.`)
else {
  if (existsSync(cached)) takeFromCache()
  if (!existsSync(cached) || !loads()) {
    build()
    if (!loads())
      throw new Error('node-rdkafka was compiled and does not load: see the lines above.')
    keepInCache()
  }
  say(`Installed: node-rdkafka ${version} (${key}).`)
}

/** Version of the librdkafka that is installed for compiling against; null where there is none that will do. */
function systemLibrary(): string | null {
  try {
    execFileSync('pkg-config', ['--atleast-version=2.0', 'rdkafka'], { stdio: 'ignore' })
    return execFileSync('pkg-config', ['--modversion', 'rdkafka']).toString().trim()
  } catch {
    return null
  }
}

/** In a process of its own: a library of another node would end this one. */
function loads(): boolean {
  if (!existsSync(join(modules, 'node-rdkafka'))) return false
  try {
    const found = createRequire(join(folder, 'package.json')).resolve('node-rdkafka')
    execFileSync(process.execPath, ['-e', `require(${JSON.stringify(found)})`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function takeFromCache(): void {
  say(`Taking it from ${cached}.`)
  rmSync(modules, { recursive: true, force: true })
  cpSync(cached, modules, { recursive: true, verbatimSymlinks: true })
}

function build(): void {
  say(
    system === null
      ? `Compiling node-rdkafka with its own librdkafka: this takes some minutes${isBundled ? '' : ' (with the Debian package librdkafka-dev: one)'}.`
      : `Compiling node-rdkafka against librdkafka ${system} of the system: this takes about a minute.`,
  )
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: 'inherit',
    // Its own librdkafka has to be configured before anything of it is compiled, which jobs side by side do not wait for.
    env: {
      ...process.env,
      ...(system === null ? { JOBS: '1' } : { JOBS: 'max', BUILD_LIBRDKAFKA: '0' }),
    },
  })
}

/** Without what only the compiler made on its way: half a gigabyte. */
function keepInCache(): void {
  const work = `${cached}.${process.pid}`
  mkdirSync(cache, { recursive: true })
  const unneeded = [
    join('node-rdkafka', 'build', 'Release', 'obj'),
    join('node-rdkafka', 'build', 'Release', 'obj.target'),
    join('node-rdkafka', 'build', 'deps'),
  ].map((path) => join(modules, path))
  cpSync(modules, work, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (from) => !unneeded.includes(from),
  })
  try {
    renameSync(work, cached)
  } catch {
    // Another has kept it in the meantime.
    rmSync(work, { recursive: true, force: true })
  }
}
