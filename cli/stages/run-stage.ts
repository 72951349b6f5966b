import { hostname } from 'node:os'
import { startStatusServer } from '../../api/index.ts'
import type { Settings } from '../../config/index.ts'
import {
  errorMessage,
  LarderError,
  type StageReport,
  type StageStatus,
} from '../../domain/index.ts'
import {
  createLogger,
  createMetrics,
  createRandom,
  createStopList,
  retry,
  stopOnSignal,
  wallClock,
  type Logger,
  type Registry,
  type StopList,
} from '../../runtime/index.ts'
import type { OperationsStore } from '../../store/index.ts'
import { openOperations, type SharedEngine } from './engines.ts'
import { needServers, type Engine as EngineName } from './stage-settings.ts'
import { watchServers, type WatchedServer } from './watch-servers.ts'

/** Servers that start together with a stage may take so long; then it ends, and whoever started it tries again. */
const startWithinMs = 120_000
const reportEveryMs = 2_000
const reportWithinMs = 3_000

export type Condition = Omit<StageReport, 'process' | 'active' | 'name'> & {
  /** True where it is not said. */
  readonly active?: boolean
}

/** What a stage is made of, once it runs. */
export interface RunningStage {
  readonly condition: () => Promise<Condition>
  /** Of threads of its own, beside the process's. */
  readonly metricsText?: () => Promise<string>
  /** Lines for the terminal, beside the name and the address of its status. */
  readonly banner?: readonly string[]
}

export interface StageContext {
  readonly settings: Settings
  readonly logger: Logger
  readonly metrics: Registry
  readonly operations: SharedEngine<OperationsStore>
  /** Sources are added last, and stop first. */
  readonly stops: StopList
  /** Opens what a stage stands on: patient while it starts, watched afterwards. */
  readonly open: <T extends { close(): Promise<void>; readonly server: WatchedServer }>(
    name: string,
    open: () => Promise<T>,
  ) => Promise<T>
  readonly onFatal: (error: Error) => void
  /** What the servers and the stage itself say now; the first is the stage. */
  readonly status: () => Promise<readonly StageStatus[]>
  readonly metricsText: () => Promise<string>
}

/**
 * A process of one stage: says how it is on its own port from the first moment, waits for its servers, runs until a signal or an
 * error that nothing mends (exit code 1), and tells the operations store every two seconds how it is.
 */
export async function runStage(
  plan: {
    readonly name: string
    readonly needs: readonly EngineName[]
    /** The API answers `/ready` on its own port. */
    readonly ownStatusServer?: boolean
    readonly start: (context: StageContext) => Promise<RunningStage>
  },
  settings: Settings,
): Promise<void> {
  needServers(plan.name, settings, plan.needs)
  const logger = createLogger(settings.log.level).child({ stage: plan.name })
  const metrics = createMetrics()
  const stops = createStopList(logger)
  const starting = new AbortController()
  let onFatal = (error: Error): void => guard.fail(error)
  const guard = stopOnSignal(
    {
      async stop() {
        onFatal = () => undefined
        starting.abort(new LarderError('RT_STOPPED', 'Stopped while starting.'))
        await stops.stop()
      },
    },
    { logger, stopWithinMs: 8_000 },
  )

  let running: RunningStage | null = null
  let waiting = 'Starting.'
  const servers: WatchedServer[] = []
  let watch: ReturnType<typeof watchServers> | null = null
  const condition = async (): Promise<Condition> =>
    running ? running.condition() : { ready: false, words: waiting, progress: null }
  const status = async (): Promise<readonly StageStatus[]> => {
    const { ready, words, problems } = await condition()
    const own = { name: plan.name, ready, words, ...(problems ? { problems } : {}) }
    return [own, ...(watch?.status() ?? [])]
  }
  const metricsText = async (): Promise<string> =>
    [await metrics.metrics(), (await running?.metricsText?.()) ?? ''].join('\n')

  /** While it starts, what comes and goes by itself is waited for: servers start together with those that stand on them. */
  const patiently = async <T>(name: string, attempt: () => Promise<T>): Promise<T> => {
    let last: unknown = null
    return retry(attempt, {
      ...{ firstMs: 250, longestMs: 3_000, clock: wallClock },
      signal: AbortSignal.any([starting.signal, AbortSignal.timeout(startWithinMs)]),
      random: createRandom(process.pid),
      onRetry(error, waitMs) {
        last = error
        waiting = `Waiting for ${name}: ${errorMessage(error)}`
        logger.warn({ waitMs }, waiting)
      },
    }).catch((error: unknown) => {
      throw last !== null && !starting.signal.aborted ? last : error
    })
  }
  const openInto =
    (list: StopList): StageContext['open'] =>
    async (name, opener) => {
      const opened = await patiently(name, opener)
      list.add(name, () => opened.close())
      servers.push(opened.server)
      return opened
    }

  try {
    let address = ''
    if (plan.ownStatusServer !== true) {
      const { host, port, allowedHosts } = settings.http
      const server = await startStatusServer({
        ...{ host, port, allowedHosts, status, metricsText, logger },
      })
      stops.add('the status server', () => server.stop())
      address = server.url
    }
    const operations = await openInto(stops)('PostgreSQL', () => openOperations(settings, logger))
    const [ofOperations] = servers
    const inner = createStopList(logger)
    stops.add(plan.name, () => inner.stop())
    running = await patiently(`the stage ${plan.name}`, async () => {
      servers.splice(0, servers.length, ofOperations!)
      try {
        return await plan.start({
          ...{ settings, logger, metrics, operations, status, metricsText },
          ...{ stops: inner, open: openInto(inner) },
          onFatal: (error) => onFatal(error),
        })
      } catch (error) {
        await inner.stop()
        metrics.clear()
        throw error
      }
    })
    watch = watchServers({
      ...{ servers, wall: wallClock },
      onChange: ({ ready, words, name }) =>
        ready ? logger.warn(`${name} answers again`) : logger.error(words),
    })
    const watching = watch
    stops.add('the watch', () => watching.stop())
    stops.add('the reports', report(plan.name, operations.store, { condition, status, logger }))
    process.stdout.write(
      [
        `larder ${plan.name} is up.`,
        ...(address === '' ? [] : [`  status  ${address}/ready`]),
        ...(running.banner ?? []),
        'Ctrl-C stops it.',
        '',
      ].join('\n'),
    )
  } catch (error) {
    await stops.stop()
    if (!starting.signal.aborted) throw error
  }
}

/** Tells the others every two seconds; what cannot be told now is told with the next. */
function report(
  stage: string,
  operations: OperationsStore,
  parts: {
    readonly condition: () => Promise<Condition>
    readonly status: () => Promise<readonly StageStatus[]>
    readonly logger: Logger
  },
): () => Promise<void> {
  const name = `${hostname()}:${process.pid}`
  let telling: Promise<void> | null = null
  const tell = async (): Promise<void> => {
    const [own, stages] = await Promise.all([parts.condition(), parts.status()])
    const broken = stages.find(({ ready }) => !ready)
    await operations.reportStage(
      {
        ...{ active: true, ...own, name: stage, process: name },
        ready: broken === undefined,
        words: broken?.words ?? own.words,
      },
      wallClock.now(),
    )
  }
  const turn = (): void => {
    telling ??= tell()
      .catch((error: unknown) => parts.logger.debug({ err: error }, 'not told'))
      .finally(() => (telling = null))
  }
  turn()
  const timer = setInterval(turn, reportEveryMs)
  return async () => {
    clearInterval(timer)
    const deadline = wallClock.sleepUntil(wallClock.now() + reportWithinMs)
    const leave = async (): Promise<void> => {
      await telling
      await operations.withdrawStage(name)
    }
    await Promise.race([leave().catch(() => undefined), deadline])
  }
}
