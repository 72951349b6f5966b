import { existsSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { Worker, type Transferable } from 'node:worker_threads'
import { LarderError } from '../domain/index.ts'

const here = fileURLToPath(import.meta.url)

/**
 * The compiled JavaScript of a module beside the caller, which a worker thread or a child process needs
 * even where the caller runs from TypeScript (tests): `compiledUrl('./log.worker.js', import.meta.url)`.
 */
export function compiledUrl(module: string, base: string): URL {
  const direct = new URL(module, base)
  if (here.endsWith('.js')) return direct
  const root = dirname(dirname(here))
  const compiled = join(root, 'dist', relative(root, fileURLToPath(direct)))
  if (!existsSync(compiled)) {
    throw new LarderError('RT_INTERNAL', `${compiled} is missing: run "npm run build" first.`)
  }
  return pathToFileURL(compiled)
}

/** V8 lets the space of new objects of every thread grow to 48 MB; what lives long leaves it in either case. */
const youngSpaceMb = 6

/** A worker thread whose death is an error for the whole process: `onDeath` gets it, unless `stop` came first. */
export interface OwnedWorker {
  readonly worker: Worker
  stop(): Promise<void>
}

export function startWorker(
  url: URL,
  options: {
    readonly name: string
    readonly data?: unknown
    readonly transfer?: readonly Transferable[]
    /** For a thread whose objects live for a batch: more room, and fewer of them are copied. */
    readonly youngMb?: number
    readonly onDeath: (error: LarderError) => void
  },
): OwnedWorker {
  let isStopping = false
  // What the command line says of the main thread's space of new objects would else hold for every thread, whatever its limits.
  setFlagsFromString('--max-semi-space-size=0')
  const worker = new Worker(url, {
    name: options.name,
    workerData: options.data,
    transferList: [...(options.transfer ?? [])],
    resourceLimits: { maxYoungGenerationSizeMb: options.youngMb ?? youngSpaceMb },
  })
  let failure: unknown
  worker.on('error', (error) => {
    failure = error
  })
  worker.on('exit', (code) => {
    if (isStopping) return
    options.onDeath(
      new LarderError('RT_WORKER_DIED', `The ${options.name} worker ended with code ${code}.`, {
        cause: failure,
      }),
    )
  })
  return {
    worker,
    async stop() {
      isStopping = true
      await worker.terminate()
    },
  }
}
