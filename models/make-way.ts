import { LarderError, type Clock } from '../domain/index.ts'
import type { Logger } from '../runtime/index.ts'
import type { OperationsStore } from '../store/index.ts'
import type { Machine } from './machine.ts'

/** What training again must leave to the rest. */
const highestLoad = 1.5
const leastFreeMegabytes = 700
/** Ingest may be so far behind; at 2.3 s `larder up` acknowledges as slowly as it ever does. */
const mostLagMs = 2_000
/** Ingest reports every few seconds of the wall; what is older says nothing of now. */
const silentMs = 15_000
const lookEveryMs = 5_000
/** A burst that is over at the next look costs no training its epoch. */
const looksBehind = 2

export interface MakeWayDeps {
  readonly operations: Pick<OperationsStore, 'stageReports'>
  readonly machine: Machine
  readonly wall: Clock
  readonly logger: Logger
}

/** Why a training in the background must wait, in words; null where nothing speaks against it. */
export async function describeBusy(deps: MakeWayDeps): Promise<string | null> {
  const load = deps.machine.load()
  if (load > highestLoad) return `the load is ${load.toFixed(1)} a core.`
  const free = deps.machine.freeMegabytes()
  if (free < leastFreeMegabytes) return `only ${Math.round(free)} MB of memory are free.`
  return describeLag(await readLag(deps))
}

/** Runs `work`, and aborts it with RT_STOPPED and the reason in words once ingest stays behind. */
export async function whileIngestKeepsUp<T>(
  deps: MakeWayDeps,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const behind = new AbortController()
  const over = new AbortController()
  const watch = async (): Promise<void> => {
    let looks = 0
    while (!behind.signal.aborted) {
      await deps.wall.sleepUntil(deps.wall.now() + lookEveryMs, { signal: over.signal })
      const words = describeLag(await readLag(deps))
      looks = words === null ? 0 : looks + 1
      if (words !== null && looks >= looksBehind) {
        behind.abort(new LarderError('RT_STOPPED', words))
      }
    }
  }
  watch().catch((error: unknown) => {
    if (!over.signal.aborted)
      deps.logger.warn({ err: error }, 'how far ingest is behind is not known')
  })
  try {
    return await work(AbortSignal.any([signal, behind.signal]))
  } catch (error) {
    signal.throwIfAborted()
    behind.signal.throwIfAborted()
    throw error
  } finally {
    over.abort()
  }
}

const describeLag = (lagMs: number): string | null =>
  lagMs > mostLagMs ? `ingest is ${Math.round(lagMs / 1000)} s behind.` : null

/** What the ingest that is furthest behind says of itself. */
async function readLag({ operations, wall }: MakeWayDeps): Promise<number> {
  const now = wall.now()
  const lags = (await operations.stageReports())
    .filter(({ name, at }) => name === 'ingest' && now - at <= silentMs)
    .map(({ lagMs = 0 }) => lagMs)
  return Math.max(0, ...lags)
}
