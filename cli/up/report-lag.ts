import { hostname } from 'node:os'
import type { OperationsStore } from '../../store/index.ts'

/** Less than this is up to date, and not worth a write. */
const leastLagMs = 1_000

/**
 * Tells the operations store how far ingest is behind, as an ingest of its own process does: there the models look before they
 * train in the background. Nothing is written while it keeps up.
 */
export function reportLag(options: {
  readonly operations: Pick<OperationsStore, 'reportStage' | 'withdrawStage'>
  /** Of the wall clock. */
  readonly lagMs: () => Promise<number>
  readonly now: () => number
  readonly everyMs: number
  readonly onError: (error: unknown) => void
}): { stop(): Promise<void> } {
  const { operations } = options
  const name = `${hostname()}:${process.pid}`
  let isReported = false
  let telling: Promise<void> | null = null
  const tell = async (): Promise<void> => {
    const lagMs = Math.round(await options.lagMs())
    if (lagMs >= leastLagMs) {
      isReported = true
      const words = `${Math.round(lagMs / 1000)} s behind`
      const condition = { ready: true, active: true, words, progress: null, lagMs }
      await operations.reportStage({ name: 'ingest', process: name, ...condition }, options.now())
    } else if (isReported) {
      await operations.withdrawStage(name)
      isReported = false
    }
  }
  const timer = setInterval(() => {
    telling ??= tell()
      .catch(options.onError)
      .finally(() => (telling = null))
  }, options.everyMs)
  return {
    async stop() {
      clearInterval(timer)
      await telling
      if (isReported) await operations.withdrawStage(name).catch(options.onError)
    },
  }
}
