import { errorMessage, LarderError, type Clock, type StageStatus } from '../../domain/index.ts'
import type { Stage } from '../../runtime/index.ts'

const everyMs = 2_000
const answersWithinMs = 5_000

/** A server that a stage stands on. */
export interface WatchedServer {
  readonly name: string
  /** Rejects where it does not answer. */
  readonly ask: () => Promise<unknown>
  /** What stops while it is away, and what does not get lost. */
  readonly without: string
}

export interface ServerWatch extends Stage {
  /** Of each server, as it was when it was last asked. */
  status(): readonly StageStatus[]
}

/** Asks each server every two seconds, one question at a time. */
export function watchServers(deps: {
  readonly servers: readonly WatchedServer[]
  /** The wall's. */
  readonly wall: Clock
  readonly onChange: (status: StageStatus) => void
}): ServerWatch {
  const { wall } = deps
  const stopping = new AbortController()
  const { signal } = stopping
  const isOver = (): boolean => signal.aborted
  const found = new Map<string, StageStatus>()

  async function watch({ name, ask, without }: WatchedServer): Promise<void> {
    while (!isOver()) {
      const words = await within(ask, wall, signal).then(
        () => null,
        (error: unknown) => errorMessage(error),
      )
      if (isOver()) return
      const status: StageStatus =
        words === null
          ? { name, ready: true, words: 'answers' }
          : { name, ready: false, words: `${name} does not answer (${words}). ${without}` }
      const before = found.get(name)
      found.set(name, status)
      if (before ? before.ready !== status.ready : !status.ready) deps.onChange(status)
      await wall.sleepUntil(wall.now() + everyMs, { signal }).catch(() => undefined)
    }
  }

  const running = Promise.all(deps.servers.map(watch))
  return {
    status: () =>
      deps.servers.map(
        ({ name }) => found.get(name) ?? { name, ready: true, words: 'not asked yet' },
      ),
    async stop() {
      stopping.abort(new LarderError('RT_STOPPED', 'Stopping.'))
      await Promise.race([running, wall.sleepUntil(wall.now() + 100)])
    },
  }
}

async function within(
  ask: () => Promise<unknown>,
  wall: Clock,
  signal: AbortSignal,
): Promise<void> {
  const patience = new AbortController()
  const deadline = wall
    .sleepUntil(wall.now() + answersWithinMs, {
      signal: AbortSignal.any([patience.signal, signal]),
    })
    .then(() => {
      throw new LarderError('RT_NOT_READY', `no answer within ${answersWithinMs / 1000} s`)
    })
  deadline.catch(() => undefined)
  try {
    await Promise.race([ask(), deadline])
  } finally {
    patience.abort()
  }
}
