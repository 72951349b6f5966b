import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Installs TensorFlow's own kernels for TensorFlow.js into native/tensorflow/node_modules. The package's own installer fetches
 * a library from an address that often refuses; here it comes out of the Python wheel of the same C interface (207 MB, once; kept
 * in the cache of this machine), and the binding of two C++ files is compiled against it in seconds. Linux on x64.
 */
const folder = fileURLToPath(new URL('../native/tensorflow/', import.meta.url))
const root = fileURLToPath(new URL('../', import.meta.url))
const modules = join(folder, 'node_modules')
const binding = join(modules, '@tensorflow', 'tfjs-node')
const say = (words: string): void => void process.stdout.write(`${words}\n`)

/** The newest that still runs on glibc 2.17. */
const wheel = { name: 'tensorflow-cpu', version: '2.15.1', python: '3.11' } as const
const core = 'libtensorflow_cc.so.2'
const framework = 'libtensorflow_framework.so.2'
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'larder')
const library = join(cache, `libtensorflow-${wheel.version}-${process.platform}-${process.arch}`)

if (process.platform !== 'linux' || process.arch !== 'x64') {
  throw new Error(
    `TensorFlow's own kernels are set up on Linux x64 only, this is ${process.platform} ${process.arch}: leave models.backend on auto or wasm.`,
  )
}
if (works()) say('TensorFlow is installed: a model of one layer learns with it.')
else {
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: 'inherit',
  })
  shareTensorFlowJs()
  if (!existsSync(join(library, 'tensorflow', core))) fetchLibrary()
  linkLibrary()
  compile()
  if (!works()) throw new Error('TensorFlow was set up and does not work: see the lines above.')
  say(`Installed: TensorFlow ${wheel.version} (${library}).`)
}

/** In a process of its own: a library that does not fit would end this one. */
function works(): boolean {
  if (!existsSync(join(binding, 'lib', 'napi-v8', 'tfjs_binding.node'))) return false
  const prove = `
    const tf = require(${JSON.stringify(binding)})
    const weights = tf.variable(tf.ones([2, 1]))
    const loss = () => tf.matMul([[1, 2]], weights).sub(1).square().mean()
    const before = loss().dataSync()[0]
    const adam = tf.train.adam(0.1)
    for (let i = 0; i < 20; i++) adam.minimize(loss)
    if (!(loss().dataSync()[0] < before)) throw new Error('it does not learn')`
  try {
    execFileSync(process.execPath, ['-e', prove], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' },
    })
    return true
  } catch {
    return false
  }
}

/** TensorFlow.js keeps one engine per process: the copy that came along would be a second, so the one of the project is used. */
function shareTensorFlowJs(): void {
  const versionOf = (from: string): string => {
    const require = createRequire(join(from, 'package.json'))
    return (require('@tensorflow/tfjs/package.json') as { version: string }).version
  }
  const [ours, theirs] = [versionOf(root), versionOf(folder)]
  if (ours !== theirs) {
    throw new Error(
      `native/tensorflow wants TensorFlow.js ${theirs}, this project has ${ours}: give both package.json the same version.`,
    )
  }
  const scope = join(modules, '@tensorflow')
  for (const name of readdirSync(scope)) {
    if (name !== 'tfjs-node') rmSync(join(scope, name), { recursive: true, force: true })
  }
}

function fetchLibrary(): void {
  say(`Fetching ${wheel.name} ${wheel.version} (207 MB) with pip.`)
  const work = mkdtempSync(join(tmpdir(), 'larder-tensorflow-'))
  const half = `${library}.${process.pid}`
  try {
    execFileSync(
      'python3',
      [
        ...['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--dest', work],
        ...['--python-version', wheel.python, `${wheel.name}==${wheel.version}`],
      ],
      { stdio: 'inherit' },
    )
    const [file] = readdirSync(work).filter((name) => name.endsWith('.whl'))
    mkdirSync(half, { recursive: true })
    const unpack = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    wanted = [name for name in wheel.namelist()
              if name in ('tensorflow/${core}', 'tensorflow/${framework}')
              or name.startswith('tensorflow/include/tensorflow/') or name.startswith('tensorflow/include/tsl/')]
    wheel.extractall(sys.argv[2], wanted)`
    execFileSync('python3', ['-c', unpack, join(work, file ?? ''), half], { stdio: 'inherit' })
    rmSync(library, { recursive: true, force: true })
    renameSync(half, library)
  } finally {
    rmSync(work, { recursive: true, force: true })
    rmSync(half, { recursive: true, force: true })
  }
}

/** Under the names that the package's loader and the library itself look for. */
function linkLibrary(): void {
  const links = join(binding, 'deps', 'lib')
  rmSync(links, { recursive: true, force: true })
  mkdirSync(links, { recursive: true })
  for (const name of [core, 'libtensorflow.so', 'libtensorflow.so.2']) {
    symlinkSync(join(library, 'tensorflow', core), join(links, name))
  }
  for (const name of [framework, 'libtensorflow_framework.so']) {
    symlinkSync(join(library, 'tensorflow', framework), join(links, name))
  }
}

function compile(): void {
  const headers = join(dirname(process.execPath), '..', 'include', 'node')
  if (!existsSync(join(headers, 'node_api.h'))) {
    throw new Error(
      `${headers} has no node_api.h: take Node from its archive or image, which bring their headers.`,
    )
  }
  const out = join(binding, 'lib', 'napi-v8')
  mkdirSync(out, { recursive: true })
  const links = join(binding, 'deps', 'lib')
  const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) =>
    join(binding, 'binding', name),
  )
  execFileSync(
    'gcc',
    [
      ...['-O2', '-std=c++17', '-shared', '-fPIC', '-DNAPI_VERSION=8', '-w'],
      ...[`-I${headers}`, `-I${join(library, 'tensorflow', 'include')}`, `-I${binding}`],
      ...sources,
      ...['-o', join(out, 'tfjs_binding.node'), `-L${links}`, `-l:${core}`, `-l:${framework}`],
      ...['-lstdc++', '-Wl,-rpath,$ORIGIN/../../deps/lib'],
    ],
    { stdio: 'inherit' },
  )
}
